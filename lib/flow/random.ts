/**
 * Randomness that can be repeated: every stage derives its own from the run's seed.
 *
 * @module
 */

/** Multipliers of the seed hash's four lanes: odd, unrelated, so that lanes do not collide together. */
const LANES = [0x01000193, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const;

/** MurmurHash3's 32-bit finaliser: every input bit reaches every output bit. */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 128 bits of generator state from a text of any length. */
function stateOf(seed: string): Uint32Array {
  const bytes = new TextEncoder().encode(seed);
  return Uint32Array.from(LANES, (multiplier, lane) => {
    let hash = 0x811c9dc5 + lane;
    for (const byte of bytes) {
      hash = Math.imul(hash ^ byte, multiplier);
      hash ^= hash >>> 15;
    }
    return mix(hash ^ bytes.length) || lane + 1;
  });
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/**
 * A seeded generator: the same seed gives the same numbers on every machine.
 *
 * The generator is xoshiro128** (Blackman and Vigna, 2018). It is not for secrets.
 *
 * @example A generator for each record, whatever the order in which they come
 * ```ts
 * import { Random } from "@longpo/longpo/flow";
 *
 * const run = new Random(7);
 * const forRecord = run.fork("chunk", "record-12");
 * console.log(forRecord.int(10) === new Random(7).fork("chunk", "record-12").int(10)); // true
 * ```
 */
export class Random {
  readonly #seed: string;
  readonly #state: Uint32Array;

  /** Numbers and strings are different seeds: `1` and `"1"` give different numbers. */
  constructor(seed: number | string) {
    this.#seed = JSON.stringify(seed);
    this.#state = stateOf(this.#seed);
  }

  #bits(): number {
    const state = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotateLeft(state[3], 11);
    return result;
  }

  /** Fills an array with random bits, 32 a number. */
  fill(words: Uint32Array): void {
    for (let at = 0; at < words.length; at++) words[at] = this.#bits();
  }

  /** A number in [0, 1), with 53 random bits. */
  next(): number {
    const high = this.#bits() >>> 5;
    const low = this.#bits() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * A whole number in [0, `bound`).
   *
   * @throws {RangeError} If `bound` is not a positive whole number.
   */
  int(bound: number): number {
    if (!Number.isSafeInteger(bound) || bound < 1) {
      throw new RangeError(`A random whole number needs a positive whole bound, not ${bound}.`);
    }
    return Math.floor(this.next() * bound);
  }

  /** A number from the standard normal distribution (Box and Muller, 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /**
   * One of `items`, each as likely as the others.
   *
   * @throws {RangeError} If there are none.
   */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("There is nothing to pick from: no items.");
    return items[this.int(items.length)];
  }

  /** A new array with `items` in a random order (Fisher and Yates); `items` stays as it is. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.int(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
    }
    return shuffled;
  }

  /**
   * A generator of its own for each list of labels.
   *
   * It depends on this generator's seed and the labels only, never on how many numbers were drawn,
   * so records that come in another order, or again after a resume, get the same numbers.
   */
  fork(...labels: readonly (string | number)[]): Random {
    return new Random(JSON.stringify([this.#seed, ...labels]));
  }
}
