/**
 * A branch for a sink beside the stream.
 *
 * @module
 */

import { describe, named } from "../describe.ts";
import type { Sink } from "../ends.ts";
import type { Stage, StageContext } from "../stage.ts";
import { Channel } from "./channel.ts";
import { checkInteger } from "./check.ts";

/** Options of {@linkcode tee}. */
export interface TeeOptions {
  /** How many rows the sink may lag behind before the stream waits for it. @default {16} */
  buffer?: number;
}

/**
 * Passes each row on and gives it to a sink as well, such as a file of all pairs on their way to
 * the optimiser.
 *
 * The stream ends when the sink has all of it. A sink that ends early, such as a closed pipe, no
 * longer gets rows and the stream goes on. If the stream stops before its end, the sink's input
 * ends with an error, so that a file is not taken for a whole one.
 *
 * @param sink Where each row goes as well.
 * @param options How far the sink may lag behind.
 * @returns A stage named `tee(<the sink's name>)`.
 * @throws What the sink throws.
 * @throws {RangeError} If the buffer is no positive integer.
 *
 * @example Keep what passes
 * ```ts
 * import { createContext, type Sink, tee } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const kept: string[] = [];
 * const keep: Sink<string> = async function keep(source) {
 *   for await (const row of source) kept.push(row);
 * };
 * async function* rows() {
 *   yield* ["one", "two"];
 * }
 *
 * const passed = await Array.fromAsync(tee(keep)(rows(), createContext()));
 * assertEquals(passed, kept);
 * ```
 */
export function tee<Row>(sink: Sink<Row>, options: TeeOptions = {}): Stage<Row, Row> {
  const { buffer = 16 } = options;
  checkInteger("tee", "buffer", buffer, 1);
  const { name, options: described } = describe(sink);

  async function* branching(
    source: AsyncIterable<Row>,
    context: StageContext,
  ): AsyncGenerator<Row> {
    const branch = new Channel<Row>(buffer);
    const written = sink(branch, context);
    let failed = false;
    // A sink that is over leaves the branch, so that the stream does not wait for it.
    written.catch(() => failed = true).finally(() => branch.return());
    let whole = false;
    try {
      for await (const row of source) {
        await branch.write(row);
        if (failed) await written;
        yield row;
      }
      whole = true;
      branch.end();
      await written;
    } finally {
      if (!whole) {
        branch.end({ reason: new DOMException("The stream stopped before its end", "AbortError") });
        await written.catch(() => {});
      }
    }
  }

  return named(`tee(${name})`, branching, { ...described, ...options });
}
