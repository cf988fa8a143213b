/**
 * Rows that are there already, in groups.
 *
 * @module
 */

/**
 * Cuts a list into groups of consecutive rows whose sizes sum to at most `limit`; a row that alone is
 * larger makes a group of its own. For a stream of rows see `group`.
 *
 * @example Lines of at most seven letters
 * ```ts
 * import { consecutive } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const lines = consecutive(["a", "stream", "of", "words"], 7, (word) => word.length);
 * assertEquals(lines, [["a", "stream"], ["of", "words"]]);
 * ```
 */
export function consecutive<Row>(
  rows: Iterable<Row>,
  limit: number,
  sizeOf: (row: Row) => number,
): Row[][] {
  const groups: Row[][] = [];
  let size = 0;
  for (const row of rows) {
    const own = sizeOf(row);
    size += own;
    if (groups.length === 0 || size > limit) {
      groups.push([]);
      size = own;
    }
    groups[groups.length - 1].push(row);
  }
  return groups;
}
