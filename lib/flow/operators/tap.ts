/**
 * Looks at rows as they pass.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Stage, StageContext } from "../stage.ts";
import { asStageError } from "../stage_error.ts";
import { callNamed } from "./naming.ts";

/**
 * Calls a function with each row, waits for it, and passes the row on.
 *
 * @param look What to do with each row; its result is not used.
 * @returns A stage named `tap(<the function's name>)`.
 * @throws {StageError} When the function fails.
 *
 * @example Count tokens on the way
 * ```ts
 * import { createContext, tap } from "@longpo/longpo/flow";
 *
 * const counted = tap(function countWords(text: string, { meter }) {
 *   meter.count("words", text.split(" ").length);
 * });
 * async function* texts() {
 *   yield "two words";
 * }
 *
 * for await (const text of counted(texts(), createContext())) console.log(text);
 * ```
 */
export function tap<Row>(
  look: (row: Row, context: StageContext, index: number) => unknown,
): Stage<Row, Row> {
  const name = callNamed("tap", look);
  return named(name, async function* (source: AsyncIterable<Row>, context: StageContext) {
    let index = 0;
    for await (const row of source) {
      try {
        await look(row, context, index++);
      } catch (error) {
        throw asStageError(context.stage ?? name, error, row);
      }
      yield row;
    }
  });
}
