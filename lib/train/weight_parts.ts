/**
 * Weights as updates see them: some numbers at a time, as float32.
 *
 * @module
 */

import { Random } from "../flow/random.ts";
import { formatOf, type HalfParameter, isHalf, tooLarge, type Weight } from "../model/mod.ts";
import { PART_LENGTH } from "./moments/moment_store.ts";

type Numbers = Float32Array<ArrayBuffer>;

/** A weight to be updated part by part. */
export interface WeightParts {
  /** So many numbers from a place on, to be changed in place; they are what they are until the next part. */
  open(from: number, length: number): Numbers;
  /** Keeps the part that was opened last. */
  close(): void;
}

/** Makes parts of weights. */
export class WeightRounding {
  readonly #seed: number;
  #numbers = new Float32Array(0);
  #chance = new Uint32Array(0);

  /** @param seed With it and the step, what chance decides is decided. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /**
   * A weight's parts. Numbers of 16 bits are rounded up or down by chance when a part is closed: an
   * update is often smaller than the distance between two of them, and would be lost for good if the
   * nearest one were taken.
   *
   * @param step Of the update: draws depend on seed, step, weight and part only, so that a run that is
   * gone on with draws what an uninterrupted one does.
   */
  parts(weight: Weight, step: number): WeightParts {
    if (isHalf(weight)) return this.#rounded(weight, step);
    const { data } = weight;
    return {
      open: (from, length) => data.subarray(from, from + length) as Numbers,
      close() {},
    };
  }

  #rounded(weight: HalfParameter, step: number): WeightParts {
    const { name, dtype } = weight;
    const format = formatOf(weight);
    const random = new Random(this.#seed).fork("rounding", step, name);
    this.#makeRoom();
    let [begin, numbers, bits] = [0, this.#numbers, weight.data];
    return {
      open: (from, length) => {
        begin = from;
        numbers = this.#numbers.subarray(0, length);
        bits = weight.data.subarray(from, from + length);
        format.widen(bits, numbers);
        return numbers;
      },
      close: () => {
        const chance = this.#chance.subarray(0, Math.ceil(numbers.length / 2));
        random.fork(begin).fill(chance);
        const at = format.draw(numbers, bits, new Uint16Array(chance.buffer));
        if (at >= 0) throw tooLarge(name, numbers[at], dtype, ` after step ${step}`);
      },
    };
  }

  #makeRoom(): void {
    if (this.#numbers.length > 0) return;
    this.#numbers = new Float32Array(PART_LENGTH);
    this.#chance = new Uint32Array(PART_LENGTH / 2);
  }
}
