/**
 * Room between a source and a slower consumer.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Stage, StageContext } from "../stage.ts";
import { checkInteger } from "./check.ts";
import { ConcurrentMap } from "./concurrent_map.ts";

/**
 * Pulls up to `size` rows ahead, so that the source works while the consumer does.
 *
 * @param size How many rows may wait, from 1.
 * @returns A stage named `buffer`.
 * @throws {RangeError} If the size is no positive integer.
 *
 * @example Read ahead
 * ```ts
 * import { buffer, createContext } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * async function* pages() {
 *   yield* ["first", "second"];
 * }
 *
 * assertEquals(
 *   await Array.fromAsync(buffer<string>(8)(pages(), createContext())),
 *   ["first", "second"],
 * );
 * ```
 */
export function buffer<Row>(size: number): Stage<Row, Row> {
  checkInteger("buffer", "size", size, 1);
  const plan = {
    mapper: (row: Row): Row => row,
    name: "buffer",
    concurrency: 1,
    buffer: size - 1,
    ordered: true,
    dropErrors: false,
  };
  return named("buffer", (source: AsyncIterable<Row>, context: StageContext) => ({
    [Symbol.asyncIterator]: (): AsyncIterator<Row> => new ConcurrentMap(source, context, plan),
  }), { size });
}
