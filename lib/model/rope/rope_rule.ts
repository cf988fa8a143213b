import type { ConfigReader } from "../config_reader.ts";

/** A change of the rotary embedding's wavelengths, for contexts longer than those trained on. */
export interface RopeScaling {
  /** `rope_type` in config.json. */
  readonly type: string;
  /** Its numbers, defaults filled in. */
  readonly parameters: Readonly<Record<string, number>>;
}

/** What frequencies are computed from. */
export interface RopeBase {
  /** Base of the wavelengths. */
  readonly theta: number;
  /** Width of a head. */
  readonly headSize: number;
  /** Tokens of the whole sequence. */
  readonly length: number;
}

/** How a kind of scaling is read and computed: one file, and one line in the table. */
export interface RopeRule {
  /**
   * Reads its numbers.
   *
   * @param config The object in config.json that names the scaling.
   * @param trainedLength Tokens that the model was first trained for.
   */
  read(config: ConfigReader, trainedLength: number): Record<string, number>;
  /** Radians a position, `[head size / 2]`. */
  frequencies(parameters: RopeScaling["parameters"], base: RopeBase): Float32Array;
  /** What cosines and sines are multiplied with. @default {1} */
  attentionFactor?(parameters: RopeScaling["parameters"]): number;
  /** Whether frequencies change with the sequence's length. @default {false} */
  byLength?: boolean;
}

/**
 * Frequencies of the plain rotary embedding, `[head size / 2]`.
 *
 * Rounded to float32 where PyTorch's implementation in transformers rounds, so that logits agree at
 * long positions too.
 */
export function plainFrequencies({ theta, headSize }: Omit<RopeBase, "length">): Float32Array {
  return Float32Array.from(
    { length: headSize / 2 },
    (_, at) => 1 / Math.fround(Math.pow(theta, Math.fround(2 * at / headSize))),
  );
}
