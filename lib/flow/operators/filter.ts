/**
 * Keeps some rows, and says why the others left.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Stage, StageContext } from "../stage.ts";
import { asStageError } from "../stage_error.ts";
import { callNamed } from "./naming.ts";

/** Decides whether a row stays. */
export type Predicate<Row> = (
  row: Row,
  context: StageContext,
  index: number,
) => boolean | Promise<boolean>;

/**
 * Keeps the rows of which a predicate is true; the others are dropped with a reason, counted, and
 * kept as dead letters where the pipeline has a file for them.
 *
 * @param keep Decides on one row at a time.
 * @param reason Why a row leaves: a sentence, or a function of the row.
 * @returns A stage named `filter(<the predicate's name>)`.
 * @throws {StageError} When the predicate fails.
 *
 * @example Leave out what is too short
 * ```ts
 * import { createContext, filter } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const long = filter((text: string) => text.length > 3, "too short");
 * async function* texts() {
 *   yield* ["tiny", "a", "longer"];
 * }
 *
 * assertEquals(await Array.fromAsync(long(texts(), createContext())), ["tiny", "longer"]);
 * ```
 */
export function filter<Row>(
  keep: Predicate<Row>,
  reason: string | ((row: Row) => string),
): Stage<Row, Row> {
  const name = callNamed("filter", keep);
  return named(name, async function* (source: AsyncIterable<Row>, context: StageContext) {
    let index = 0;
    for await (const row of source) {
      let kept: boolean;
      try {
        const answer = keep(row, context, index++);
        kept = typeof answer === "boolean" ? answer : await answer;
      } catch (error) {
        throw asStageError(context.stage ?? name, error, row);
      }
      if (kept) yield row;
      else context.meter.drop(typeof reason === "string" ? reason : reason(row), row);
    }
  }, typeof reason === "string" ? { reason } : {});
}
