/**
 * Rows to stdout.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Sink } from "../ends.ts";
import type { StageContext } from "../stage.ts";
import type { ByteWriter } from "../write_all.ts";
import { writeLines } from "./write_lines.ts";

/**
 * Writes each row as a line of JSON to stdout, in batches of some 16 KB or 50 ms.
 *
 * When whoever reads stdout has left, as `head` does, the sink ends without an error and the
 * pipeline stops.
 *
 * @param writer What to write to. @default {Deno.stdout}
 * @returns A sink named `jsonlStdout`.
 *
 * @example Two lines on stdout
 * ```ts
 * import { createContext, jsonlStdout } from "@longpo/longpo/flow";
 *
 * async function* rows() {
 *   yield { id: "a" };
 *   yield { id: "b" };
 * }
 *
 * await jsonlStdout()(rows(), createContext());
 * ```
 */
export function jsonlStdout(writer: ByteWriter = Deno.stdout): Sink<unknown> {
  return named(
    "jsonlStdout",
    async (source: AsyncIterable<unknown>, context: StageContext): Promise<void> => {
      try {
        for await (const _ of writeLines(source, context, "jsonlStdout", writer));
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
  );
}
