/**
 * Rows to a file.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Sink } from "../ends.ts";
import type { StageContext } from "../stage.ts";
import { whileWriting } from "../system_error.ts";
import { cutToWholeLines } from "./whole_lines.ts";
import { writeLines } from "./write_lines.ts";

/** Options of {@linkcode jsonlFile}. */
export interface JsonlFileOptions {
  /** Keeps the lines that a run which was stopped left behind; see {@linkcode keptRows}. @default {false} */
  goOn?: boolean;
}

/**
 * Writes each row as a line of JSON to a file that appears once it is whole.
 *
 * Lines go to `<path>.part`, which is renamed when the last row is written. If the run stops
 * before, the whole lines stay in the `.part` file and what was under the final name stays as it
 * was; a later run can go on behind them.
 *
 * @param path The file to write; one that is there is replaced at the end.
 * @returns A sink named `jsonlFile`.
 * @throws {UserError} While it runs, if the file cannot be written, as on a full disk.
 *
 * @example A file of two rows
 * ```ts
 * import { createContext, jsonlFile } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * async function* rows() {
 *   yield { n: 1 };
 *   yield { n: 2 };
 * }
 *
 * const path = `${await Deno.makeTempDir()}/rows.jsonl`;
 * await jsonlFile(path)(rows(), createContext());
 * assertEquals(await Deno.readTextFile(path), '{"n":1}\n{"n":2}\n');
 * ```
 */
export function jsonlFile(path: string, options: JsonlFileOptions = {}): Sink<unknown> {
  const { goOn = false } = options;
  const part = `${path}.part`;
  const kept = `lines already written are in ${part}`;

  async function writeFile(source: AsyncIterable<unknown>, context: StageContext): Promise<void> {
    await writePart(source, context);
    await whileWriting(path, Deno.rename(part, path), kept);
  }

  async function writePart(source: AsyncIterable<unknown>, context: StageContext): Promise<void> {
    using file = await whileWriting(
      path,
      Deno.open(part, { read: true, write: true, create: true, truncate: !goOn }),
      kept,
    );
    const writer = { write: (bytes: Uint8Array) => whileWriting(path, file.write(bytes), kept) };
    const before = goOn ? await cutToWholeLines(file) : 0;
    let whole = before;
    try {
      for await (const written of writeLines(source, context, "jsonlFile", writer)) {
        whole = before + written;
      }
      await whileWriting(path, file.sync(), kept);
    } catch (error) {
      // The last batch may have got half of a line on the disk.
      await file.truncate(whole).catch(() => {});
      throw error;
    }
  }

  return named("jsonlFile", writeFile, { path });
}
