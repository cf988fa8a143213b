/**
 * Moments as float32 arrays in memory: 8 bytes a number that learns.
 *
 * @module
 */

import type { Tensor, TensorSource, Weights } from "../../model/mod.ts";
import {
  floatsIn,
  type MomentPart,
  type MomentStore,
  type MomentTensors,
  type OpenMoments,
  partBounds,
} from "./moment_store.ts";

type Numbers = Float32Array<ArrayBuffer>;

/** Moments in memory as they are computed with. */
export class Float32Moments implements MomentStore {
  readonly format = "float32";
  readonly names: readonly string[];
  readonly #moments: ReadonlyMap<
    string,
    { shape: readonly number[]; first: Numbers; second: Numbers }
  >;

  /** Zeros for each parameter. */
  constructor(parameters: Weights) {
    this.names = [...parameters.keys()];
    this.#moments = new Map(
      [...parameters].map(([name, { shape, data: { length } }]) => [name, {
        shape,
        first: new Float32Array(length),
        second: new Float32Array(length),
      }]),
    );
  }

  *parts(name: string): Generator<MomentPart> {
    const { first, second } = this.#moments.get(name)!;
    for (const { from, to } of partBounds(first.length)) {
      yield { from, first: first.subarray(from, to), second: second.subarray(from, to) };
    }
  }

  tensors(name: string): MomentTensors<TensorSource> {
    const { shape, first, second } = this.#moments.get(name)!;
    return {
      first_moment: { dtype: "F32", shape, data: first },
      second_moment: { dtype: "F32", shape, data: second },
    };
  }

  restore(name: string, tensors: MomentTensors<Tensor>): Promise<void> {
    const { first, second } = this.#moments.get(name)!;
    first.set(floatsIn(tensors.first_moment));
    second.set(floatsIn(tensors.second_moment));
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Makes moments in memory ready. */
export const float32Moments: OpenMoments = (parameters) =>
  Promise.resolve(new Float32Moments(parameters));
