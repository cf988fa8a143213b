import { Random } from "../flow/mod.ts";

/**
 * The documents that an exam is held on and training does not see: a share of them, at random, but
 * one at least, and one at least is left.
 *
 * The choice depends on the seed and the ids only, not on their order.
 *
 * @throws {RangeError} If there are fewer than two: one must be left to train on.
 *
 * @example One of three
 * ```ts
 * import { holdOut } from "@longpo/longpo/evaluate";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(holdOut(["a", "b", "c"], { share: 0.1, seed: 1 }).size, 1);
 * ```
 */
export function holdOut(
  ids: Iterable<string>,
  { share, seed }: { share: number; seed: number },
): Set<string> {
  const random = new Random(seed);
  const drawn = [...new Set(ids)]
    .map((id) => ({ id, place: random.fork("held out", id).next() }))
    .sort((one, other) => one.place - other.place);
  if (drawn.length < 2) {
    throw new RangeError(`Cannot hold out any of ${drawn.length} documents: two are needed`);
  }
  const count = Math.max(1, Math.min(Math.round(drawn.length * share), drawn.length - 1));
  return new Set(drawn.slice(0, count).map(({ id }) => id));
}
