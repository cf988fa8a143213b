/**
 * Several sources as one.
 *
 * @module
 */

import { describe, named } from "../describe.ts";
import { open, type Source } from "../ends.ts";
import type { StageContext } from "../stage.ts";
import { Merged } from "./merged.ts";

/**
 * Merges sources into one: rows leave as they come, from whichever source has one.
 *
 * Each source is at most one row ahead of the consumer, and none is left waiting while others
 * have more. When one fails, all others are closed.
 *
 * @param sources What to read at the same time.
 * @returns A source named `merge(<the sources' names>)`.
 *
 * @example Two folders at once
 * ```ts
 * import { createContext, merge } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const rows = await Array.fromAsync(merge(["a", "b"], ["c"])(createContext()));
 * assertEquals(rows.toSorted(), ["a", "b", "c"]);
 * ```
 */
export function merge<Row>(
  ...sources: Source<Row>[]
): (context: StageContext) => AsyncIterable<Row> {
  const names = sources.map((source) => describe(source, "source").name);
  return named(`merge(${names.join(", ")})`, (context: StageContext) => ({
    [Symbol.asyncIterator]: (): AsyncIterator<Row> =>
      new Merged(sources.map((source) => open(source, context)), context.signal),
  }));
}
