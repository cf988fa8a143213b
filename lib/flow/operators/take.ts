/**
 * The first rows and no more.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Stage } from "../stage.ts";
import { checkInteger } from "./check.ts";

/**
 * Passes the first rows on and closes the source; no further row is pulled.
 *
 * @param count How many rows to pass on, from 0.
 * @returns A stage named `take`.
 * @throws {RangeError} If the count is no integer from 0.
 *
 * @example The first two of endlessly many
 * ```ts
 * import { createContext, take } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * async function* numbers() {
 *   for (let n = 1;; n++) yield n;
 * }
 *
 * assertEquals(await Array.fromAsync(take<number>(2)(numbers(), createContext())), [1, 2]);
 * ```
 */
export function take<Row>(count: number): Stage<Row, Row> {
  checkInteger("take", "count", count, 0);
  return named("take", async function* (source: AsyncIterable<Row>) {
    if (count === 0) return void await source[Symbol.asyncIterator]().return?.();
    const last: Row[] = [];
    let passed = 0;
    for await (const row of source) {
      if (++passed === count) {
        last.push(row);
        break;
      }
      yield row;
    }
    // The source is closed by now, however long the consumer keeps the last row.
    yield* last;
  }, { count });
}
