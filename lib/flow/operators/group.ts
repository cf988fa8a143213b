/**
 * Rows in groups: by how many, how heavy, or how long they waited.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Stage, StageContext } from "../stage.ts";
import { checkInteger } from "./check.ts";
import { TimedGroups } from "./timed_groups.ts";

/** When a group is full: the first limit that is reached ends it. At least one must be given. */
export interface GroupOptions<Row> {
  /** Most rows of a group. @default {Infinity} */
  count?: number;
  /** The weight of a row, such as its tokens. @default {() => 1} */
  weight?: (row: Row) => number;
  /** Most weight of a group; a row that alone is heavier makes a group of its own. @default {Infinity} */
  limit?: number;
  /** Most milliseconds that a group's first row waits for further rows. @default {Infinity} */
  ms?: number;
}

/**
 * Groups rows by count, weight and time; the last group leaves even if it is not full.
 *
 * Rows are pulled while the consumer waits for a group; beyond that, at most the one row whose
 * pull was pending when time ran out is read ahead.
 *
 * @param options The limits of a group.
 * @returns A stage named `group`.
 * @throws {RangeError} If there is no limit, or one that nothing fits.
 *
 * @example Batches of at most ten tokens
 * ```ts
 * import { createContext, group } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const batches = group({ weight: (row: { tokens: number }) => row.tokens, limit: 10 });
 * async function* rows() {
 *   yield* [4, 5, 3, 20, 1].map((tokens) => ({ tokens }));
 * }
 *
 * const sizes = [];
 * for await (const batch of batches(rows(), createContext())) {
 *   sizes.push(batch.map((row) => row.tokens));
 * }
 * assertEquals(sizes, [[4, 5], [3], [20], [1]]);
 * ```
 */
export function group<Row>(options: GroupOptions<Row>): Stage<Row, Row[]> {
  const { count = Infinity, weight = () => 1, limit = Infinity, ms = Infinity } = options;
  if (count !== Infinity) checkInteger("group", "count", count, 1);
  for (const [option, value] of Object.entries({ limit, ms })) {
    if (!(value > 0)) {
      throw new RangeError(
        `Cannot make group as ${option} must be above 0: current value is ${value}`,
      );
    }
  }
  if (count === Infinity && limit === Infinity && ms === Infinity) {
    throw new RangeError("Cannot make group without a limit: give count, limit or ms");
  }
  const plan = { count, weight, limit, ms };
  return named("group", (source: AsyncIterable<Row>, context: StageContext) => ({
    [Symbol.asyncIterator]: (): AsyncIterator<Row[]> => new TimedGroups(source, context, plan),
  }), { count: options.count, limit: options.limit, ms: options.ms });
}
