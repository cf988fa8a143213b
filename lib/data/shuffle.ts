import { named, Random, type Stage } from "../flow/mod.ts";

/** Options of {@linkcode shuffle}. */
export interface ShuffleOptions {
  /** Records held back; as many as there are shuffle evenly. @default {1024} */
  buffer?: number;
}

/**
 * A stage that shuffles a stream of any length: it holds back `buffer` records, and every new one
 * takes the place of a random one, which leaves.
 *
 * The order depends on the run's seed and the order of the input. For several epochs, each in
 * another order, see `epochs`.
 *
 * @throws {RangeError} If the buffer is not a positive whole number.
 *
 * @example Shuffle numbers
 * ```ts
 * import { shuffle } from "@longpo/longpo/data";
 * import { createContext, fromIterable } from "@longpo/longpo/flow";
 *
 * const context = createContext({ seed: 1 });
 * const numbers = fromIterable("numbers", [1, 2, 3, 4, 5]);
 * console.log(await Array.fromAsync(shuffle<number>({ buffer: 5 })(numbers(context), context)));
 * ```
 */
export function shuffle<T>(options: ShuffleOptions = {}): Stage<T, T> {
  const { buffer = 1024 } = options;
  if (!Number.isInteger(buffer) || buffer < 1) {
    throw new RangeError(`Cannot shuffle with a buffer of ${buffer}: give a positive whole number`);
  }
  return named("shuffle", async function* shuffle(source, context) {
    const random = new Random(context.seed).fork("shuffle");
    const held: T[] = [];
    for await (const item of source) {
      if (held.length < buffer) {
        held.push(item);
        continue;
      }
      const place = random.int(buffer);
      yield held[place];
      held[place] = item;
    }
    yield* random.shuffle(held);
  }, { buffer });
}
