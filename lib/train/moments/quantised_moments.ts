/**
 * Moments at a byte each: 2.03 bytes a number that learns.
 *
 * @module
 */

import type { Tensor, TensorSource, Weight, Weights } from "../../model/mod.ts";
import { dynamicCode } from "./dynamic_code.ts";
import { Float32Moments } from "./float32_moments.ts";
import {
  floatsIn,
  type MomentPart,
  type MomentStore,
  type MomentTensors,
  type OpenMoments,
  PART_LENGTH,
  partBounds,
} from "./moment_store.ts";
import { QuantisedArray } from "./quantised_array.ts";

/** Parameters with fewer numbers keep float32 moments, as in bitsandbytes: norms' are worth it. */
export const LEAST_QUANTISED = 4096;

function codesAndScales(
  kind: string,
  { codes, scales }: QuantisedArray,
): MomentTensors<TensorSource> {
  return {
    [`${kind}_codes`]: { dtype: "U8", shape: [codes.length], data: codes },
    [`${kind}_scales`]: { dtype: "F32", shape: [scales.length], data: scales },
  };
}

/**
 * Moments quantised block by block; as numbers there are never more than one part of them.
 *
 * Source: Dettmers and others, "8-bit Optimizers via Block-wise Quantization" (2022).
 */
export class QuantisedMoments implements MomentStore {
  readonly format = "8bit";
  readonly names: readonly string[];
  readonly #large: ReadonlyMap<string, { first: QuantisedArray; second: QuantisedArray }>;
  readonly #small: Float32Moments;
  readonly #numbers = { first: new Float32Array(0), second: new Float32Array(0) };

  /** Zeros for each parameter. */
  constructor(parameters: Weights) {
    const isSmall = ({ data }: Weight) => data.length < LEAST_QUANTISED;
    const all = [...parameters];
    this.names = all.map(([name]) => name);
    this.#small = new Float32Moments(new Map(all.filter(([, parameter]) => isSmall(parameter))));
    const large = all.filter(([, parameter]) => !isSmall(parameter));
    const [signed, unsigned] = [true, false].map(dynamicCode);
    this.#large = new Map(large.map(([name, { data: { length } }]) => [name, {
      first: new QuantisedArray(length, signed),
      second: new QuantisedArray(length, unsigned),
    }]));
    const longest = large.reduce((most, [, { data }]) => Math.max(most, data.length), 0);
    const length = Math.min(PART_LENGTH, longest);
    this.#numbers = { first: new Float32Array(length), second: new Float32Array(length) };
  }

  *parts(name: string): Generator<MomentPart> {
    const moments = this.#large.get(name);
    if (!moments) {
      yield* this.#small.parts(name);
      return;
    }
    for (const { from, to } of partBounds(moments.first.codes.length)) {
      const first = this.#numbers.first.subarray(0, to - from);
      const second = this.#numbers.second.subarray(0, to - from);
      moments.first.read(from, first);
      moments.second.read(from, second);
      yield { from, first, second };
      moments.first.write(from, first);
      moments.second.write(from, second);
    }
  }

  tensors(name: string): MomentTensors<TensorSource> {
    const moments = this.#large.get(name);
    if (!moments) return this.#small.tensors(name);
    return {
      ...codesAndScales("first_moment", moments.first),
      ...codesAndScales("second_moment", moments.second),
    };
  }

  async restore(name: string, tensors: MomentTensors<Tensor>): Promise<void> {
    const moments = this.#large.get(name);
    if (!moments) return await this.#small.restore(name, tensors);
    const { first, second } = moments;
    for (const [kind, { codes, scales }] of Object.entries({ first, second })) {
      codes.set(tensors[`${kind}_moment_codes`].data as Uint8Array);
      scales.set(floatsIn(tensors[`${kind}_moment_scales`]));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Makes moments at a byte each ready. */
export const quantisedMoments: OpenMoments = (parameters) =>
  Promise.resolve(new QuantisedMoments(parameters));
