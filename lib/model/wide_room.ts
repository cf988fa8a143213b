import { formatOf, isHalf, type Weight } from "./weights.ts";

type Numbers = Float32Array<ArrayBuffer>;

/** Numbers of float32 between two places where arrays begin: a line of the processor's cache. */
const LINE = 16;

/** The length of whole lines that hold so many numbers. */
function inLines(length: number): number {
  return Math.ceil(length / LINE) * LINE;
}

/**
 * Room for the weights of one segment as float32: those of the next one take their place, so that of
 * weights in 16 bits there is never more than the largest segment in memory twice.
 */
export class WideRoom {
  #numbers: Numbers = new Float32Array(0);

  /** Bytes that it takes. */
  get bytes(): number {
    return this.#numbers.byteLength;
  }

  /**
   * The numbers of weights, what they are until the next call; weights in float32 are not copied.
   *
   * @param weights Of one segment.
   */
  widen(weights: readonly Weight[]): Float32Array<ArrayBuffer>[] {
    const halves = weights.filter(isHalf);
    const needed = halves.reduce((sum, { data }) => sum + inLines(data.length), 0);
    if (this.#numbers.length < needed) this.#numbers = new Float32Array(needed);
    let from = 0;
    return weights.map((weight) => {
      if (!isHalf(weight)) return weight.data as Numbers;
      const { data } = weight;
      const numbers = this.#numbers.subarray(from, from + data.length);
      from += inLines(data.length);
      formatOf(weight).widen(data, numbers);
      return numbers;
    });
  }
}
