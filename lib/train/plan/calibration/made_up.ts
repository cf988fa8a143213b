/**
 * A model, weights and rows to measure a machine with.
 *
 * @module
 */

import { Random } from "../../../flow/random.ts";
import {
  elementCount,
  expectedParameters,
  HEAD_CHUNK,
  type ModelConfig,
  type PackedRow,
  packRow,
  type Parameters,
  type SequencedDocument,
} from "../../../model/mod.ts";

/** Numbers of the head's matrix that are enough: more of the same takes more time, at the same rate. */
const LARGEST_MATRIX = 2 ** 24;

/** A model of two layers, whose step takes little time; one alone would find its weights in caches. */
export function small(config: ModelConfig): ModelConfig {
  const words = Math.max(HEAD_CHUNK, Math.floor(LARGEST_MATRIX / config.hiddenSize));
  return {
    ...config,
    layerCount: Math.min(2, config.layerCount),
    vocabSize: Math.min(config.vocabSize, words),
  };
}

/** A row of equal documents, whose two answers fill a chunk of the head together. */
export function madeUpRow(
  { vocabSize }: ModelConfig,
  tokens: number,
  documents: number,
): PackedRow {
  const random = new Random(1);
  const words = (count: number) => Array.from({ length: count }, () => random.int(vocabSize));
  const answer = HEAD_CHUNK / documents / 2;
  const document = (_: unknown, at: number): SequencedDocument => {
    const trunk = words(tokens / documents - 2 * answer);
    const sequences = (["chosen", "rejected"] as const).map((side) => {
      const ids = [...trunk, ...words(answer)];
      const turnOf = ids.map((_, at) => at < trunk.length ? -1 : 0);
      return { side, ids, turnOf, inNll: turnOf.map((turn) => side === "chosen" && turn >= 0) };
    });
    const reference = { referenceChosen: [-answer], referenceRejected: [-answer] };
    return { id: `made up ${at}`, sequences, ...reference };
  };
  return packRow(Array.from({ length: documents }, document));
}

/** Weights as small as a new model's; which they are makes no difference to the time. */
export function smallWeights(config: ModelConfig): Parameters {
  const random = new Random(1);
  return new Map([...expectedParameters(config)].map(([name, shape]) => {
    const data = new Float32Array(elementCount(shape));
    for (let at = 0; at < data.length; at++) data[at] = 0.04 * (random.next() - 0.5);
    return [name, { name, shape, data }];
  }));
}
