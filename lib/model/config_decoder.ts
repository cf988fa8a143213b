/**
 * Reads what the config.json of all decoders here has in common.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import type { ConfigReader } from "./config_reader.ts";
import type { ArchitectureConfig } from "./model_config.ts";
import { readRope } from "./rope/read_rope.ts";

/** What an architecture takes where a config is silent. */
export interface DecoderDefaults {
  /** Base of the rotary embedding. @default {10_000} */
  ropeTheta?: number;
  /** Which changes of the rotary embedding it allows. @default {all} */
  scalings?: readonly string[];
  /** Context length, in tokens. @default {2048} */
  maxPositions?: number;
  /** Epsilon of the norms. @default {1e-6} */
  normEpsilon?: number;
  /** Whether embedding and head are one. @default {false} */
  tieEmbeddings?: boolean;
  /** Width of a head. @default {hidden size / heads} */
  headSize?: number;
  /** The key that names the activation, and the only one there is. @default {hidden_act, silu} */
  activation?: { key: string; value: string };
}

function mustDivide(config: ConfigReader, part: string, whole: string, by: number, of: number) {
  if (of % by === 0) return;
  throw new UserError(
    `${config.path}: "${whole}" (${of}) is not a multiple of "${part}" (${by})`,
  );
}

function readHeads(config: ConfigReader, hiddenSize: number, ownSize: number | undefined) {
  const headCount = config.size("num_attention_heads");
  const keyValueHeadCount = config.size("num_key_value_heads", headCount);
  mustDivide(config, "num_key_value_heads", "num_attention_heads", keyValueHeadCount, headCount);
  if (!config.raw.head_dim && ownSize === undefined) {
    mustDivide(config, "num_attention_heads", "hidden_size", headCount, hiddenSize);
  }
  const headSize = config.size("head_dim", ownSize ?? hiddenSize / headCount);
  if (headSize % 2 === 1) {
    throw new UserError(
      `${config.path}: heads are ${headSize} wide; rotary embedding needs an even width`,
    );
  }
  return { headCount, keyValueHeadCount, headSize };
}

/**
 * Sizes, heads, rotary embedding and norms of a decoder.
 *
 * @throws {UserError} If a key is missing or wrong, or if the config asks for another activation, a
 * rotary embedding that is not computed here, or quantised weights.
 */
export function readDecoderConfig(
  config: ConfigReader,
  defaults: DecoderDefaults = {},
): ArchitectureConfig {
  const { activation = { key: "hidden_act", value: "silu" } } = defaults;
  config.expect(activation.key, activation.value);
  config.expect("quantization_config");
  const hiddenSize = config.size("hidden_size");
  const maxPositions = config.size("max_position_embeddings", defaults.maxPositions ?? 2048);
  return {
    vocabSize: config.size("vocab_size"),
    hiddenSize,
    intermediateSize: config.size("intermediate_size"),
    layerCount: config.size("num_hidden_layers"),
    ...readHeads(config, hiddenSize, defaults.headSize),
    ...readRope(config, maxPositions, defaults),
    maxPositions,
    normEpsilon: config.positive("rms_norm_eps", defaults.normEpsilon ?? 1e-6),
    tieEmbeddings: config.flag("tie_word_embeddings", defaults.tieEmbeddings ?? false),
  };
}
