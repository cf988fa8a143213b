/**
 * Rotary position embedding: cosines and sines of a row's positions.
 *
 * @module
 */

import type { ModelConfig } from "./model_config.ts";
import { plainFrequencies, type RopeScaling } from "./rope/rope_rule.ts";
import { ropeRules } from "./rope/table.ts";
import type { RowMarks } from "./row.ts";

/** Cosines and sines of rotary position embedding. */
export interface RotaryTable {
  /** Cosines of the angles, `[tokens, head size / 2]`. */
  cos: Float32Array<ArrayBuffer>;
  /** Sines of the angles, `[tokens, head size / 2]`. */
  sin: Float32Array<ArrayBuffer>;
}

/** How a rotary embedding differs from the plain one. */
export interface RotaryOptions {
  /** How its wavelengths are changed; not at all by default. */
  scaling?: RopeScaling;
  /** `[tokens]`: the length of each token's sequence, for scalings that grow with it. */
  lengths?: Int32Array;
}

/** Whether a model's rotary embedding changes with the length of a sequence. */
export function ropeGrows({ ropeScaling }: Pick<ModelConfig, "ropeScaling">): boolean {
  return ropeScaling !== undefined && ropeRules[ropeScaling.type].byLength === true;
}

/** `[tokens]`: the length of each token's document, its longest branch counted. */
export function documentLengths({ document, position }: RowMarks): Int32Array {
  const lengths = new Map<number, number>();
  for (const [at, own] of document.entries()) {
    lengths.set(own, Math.max(lengths.get(own) ?? 0, position[at] + 1));
  }
  return document.map((own) => lengths.get(own)!);
}

/** Frequencies, and which of a table's rows holds a position turned by them. */
interface Turns {
  frequencies: Float32Array;
  rowOf: Map<number, number>;
}

/**
 * The rotary table of a row's positions.
 *
 * Angles are rounded to float32 where PyTorch's implementation in transformers rounds them, so that
 * logits agree at long positions too.
 */
export function rotaryTable(
  positions: Int32Array,
  headSize: number,
  theta: number,
  { scaling, lengths }: RotaryOptions = {},
): RotaryTable {
  const rule = scaling && ropeRules[scaling.type];
  const factor = rule?.attentionFactor?.(scaling!.parameters) ?? 1;
  const byLength = new Map<number, Turns>();
  const turnsOf = (length: number): Turns => {
    const base = { theta, headSize, length };
    const frequencies = rule?.frequencies(scaling!.parameters, base) ?? plainFrequencies(base);
    const turns = { frequencies, rowOf: new Map() };
    byLength.set(length, turns);
    return turns;
  };

  const half = headSize / 2;
  const cos = new Float32Array(positions.length * half);
  const sin = new Float32Array(positions.length * half);
  for (let token = 0; token < positions.length; token++) {
    const length = rule?.byLength ? lengths?.[token] ?? 0 : 0;
    const { frequencies, rowOf } = byLength.get(length) ?? turnsOf(length);
    // Documents of a row, and branches of a document, have positions in common.
    const known = rowOf.get(positions[token]);
    if (known !== undefined) {
      cos.copyWithin(token * half, known * half, (known + 1) * half);
      sin.copyWithin(token * half, known * half, (known + 1) * half);
      continue;
    }
    rowOf.set(positions[token], token);
    for (let at = 0; at < half; at++) {
      const angle = Math.fround(positions[token] * frequencies[at]);
      cos[token * half + at] = factor * Math.cos(angle);
      sin[token * half + at] = factor * Math.sin(angle);
    }
  }
  return { cos, sin };
}
