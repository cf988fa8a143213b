/**
 * A source with a name from rows that are there already.
 *
 * @module
 */

import { named } from "../describe.ts";
import { open } from "../ends.ts";
import type { StageContext } from "../stage.ts";

/**
 * Names an iterable, so that plans and reports say more than `source`.
 *
 * @param name What plans, reports and errors call it.
 * @param rows The rows; an array can be run again, a generator object only once.
 * @returns A source.
 *
 * @example Name an array
 * ```ts
 * import { createContext, fromIterable } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const words = fromIterable("words", ["a", "b"]);
 * assertEquals(words.name, "words");
 * assertEquals(await Array.fromAsync(words(createContext())), ["a", "b"]);
 * ```
 */
export function fromIterable<Row>(
  name: string,
  rows: Iterable<Row> | AsyncIterable<Row>,
): (context: StageContext) => AsyncIterable<Row> {
  return named(name, (context: StageContext) => open(rows, context));
}
