/**
 * What graphs take between their inputs and outputs.
 *
 * @module
 */

import {
  BLOCK_QUERIES,
  elementCount,
  HEAD_CHUNK,
  type LoraConfig,
  type ModelConfig,
  type ParameterShapes,
  TILE_KEYS,
} from "../../model/mod.ts";
import { CHUNK_TOKENS, FEW_KEYS, headsAtOnce } from "../../onnx/mod.ts";
import { PART_LENGTH } from "../moments/moment_store.ts";
import { learningLayerShapes, learningShapes, NUMBER_BYTES, numbersIn } from "./learning_size.ts";
import type { RowSize } from "./row_size.ts";

/** Bytes by graph; the arena that they share is as large as the largest makes it. */
export interface Workspaces {
  /** A layer's forward, again and backward. */
  layer: number;
  /** The head: chunks of logits, and the gradient of its matrix. */
  head: number;
  /** The gradient of the embedding's matrix. */
  embedding: number;
  /** An update. */
  optimiser: number;
}

/** Numbers of an element of a part that is updated. */
const UPDATE = 6;

/** Tokens of a chunk: a row's chunks are equally long. */
function chunkTokens(tokens: number): number {
  return Math.ceil(tokens / Math.ceil(tokens / CHUNK_TOKENS));
}

/** What works token by token: one chunk's values, whole rows around it, and sums of chunks. */
function tokenWise(config: ModelConfig, tokens: number, learning: ParameterShapes): number {
  const { hiddenSize, intermediateSize } = config;
  const sums = tokens > CHUNK_TOKENS ? numbersIn(learning) : 0;
  return chunkTokens(tokens) * (5 * intermediateSize + 9 * hiddenSize) +
    4 * tokens * hiddenSize + sums;
}

/** Attention: rows of all heads, rows of the heads whose turn it is, and scores of a tile. */
function attention(config: ModelConfig, tokens: number): number {
  const { headCount, keyValueHeadCount, headSize } = config;
  const group = headCount / keyValueHeadCount;
  const keyHeads = tokens <= FEW_KEYS ? keyValueHeadCount : headsAtOnce(keyValueHeadCount, group);
  const queryHeads = keyHeads * group;
  const rows = 4 * (headCount + keyValueHeadCount) + 12 * queryHeads + 4 * keyHeads;
  const scores = queryHeads * Math.min(BLOCK_QUERIES, tokens) * Math.min(TILE_KEYS, tokens);
  return tokens * headSize * rows + 4 * scores;
}

/** The workspaces of a row's graphs. */
export function workspaces(
  config: ModelConfig,
  { tokens, predictions }: Pick<RowSize, "tokens" | "predictions">,
  lora?: LoraConfig,
): Workspaces {
  const { hiddenSize, vocabSize } = config;
  const bytes = (numbers: number) => Math.ceil(NUMBER_BYTES * numbers);
  const states = tokens * hiddenSize;
  const logits = Math.min(HEAD_CHUNK, predictions) * vocabSize;
  const layer = tokenWise(config, tokens, learningLayerShapes(config, lora));
  const largest = Math.max(...[...learningShapes(config, lora).values()].map(elementCount));
  return {
    layer: bytes(Math.max(layer, attention(config, tokens))),
    // The loop over chunks makes the matrix' gradient even where nobody asks for it.
    head: bytes(4 * logits + 2 * vocabSize * hiddenSize + 4 * states),
    embedding: lora ? 0 : bytes(2 * states),
    optimiser: bytes(UPDATE * Math.min(PART_LENGTH, largest)),
  };
}
