import { named } from "../describe.ts";
import type { Stage } from "../stage.ts";

/**
 * Puts rows before those of the stream: what a run that was stopped had done already.
 *
 * @param rows The rows to begin with.
 * @returns A stage named `prepend`.
 *
 * @example Go on with a file
 * ```ts
 * import { pipeline, prepend } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const whole = pipeline({ name: "whole", source: [3, 4], stages: [prepend([1, 2])] });
 * assertEquals(await Array.fromAsync(whole), [1, 2, 3, 4]);
 * ```
 */
export function prepend<Row>(rows: readonly Row[]): Stage<Row, Row> {
  return named("prepend", async function* (source: AsyncIterable<Row>) {
    yield* rows;
    yield* source;
  }, { rows: rows.length });
}
