/**
 * Rows to a file.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Sink } from "../ends.ts";
import type { StageContext } from "../stage.ts";
import { reasonOf } from "../stage_error.ts";
import { UserError } from "../user_error.ts";
import { writeLines } from "./write_lines.ts";

/**
 * Writes each row as a line of JSON to a file that appears once it is whole.
 *
 * Lines go to `<path>.part`, which is renamed when the last row is written. If the run stops
 * before, the whole lines stay in the `.part` file and what was under the final name stays as it
 * was.
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
export function jsonlFile(path: string): Sink<unknown> {
  const part = `${path}.part`;

  async function writeFile(source: AsyncIterable<unknown>, context: StageContext): Promise<void> {
    const file = await orExplain(
      path,
      Deno.open(part, { write: true, create: true, truncate: true }),
    );
    const writer = { write: (bytes: Uint8Array) => orExplain(path, file.write(bytes)) };
    let whole = 0;
    try {
      for await (whole of writeLines(source, context, "jsonlFile", writer));
      await orExplain(path, file.sync());
    } catch (error) {
      // The last batch may have got half of a line on the disk.
      await file.truncate(whole).catch(() => {});
      throw error;
    } finally {
      file.close();
    }
    await orExplain(path, Deno.rename(part, path));
  }

  return named("jsonlFile", writeFile, { path });
}

async function orExplain<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new UserError(`Cannot write ${path}: ${reasonOf(cause)}`, {
      cause,
      hint:
        `Check that the folder exists, may be written and has room; lines already written are in ${path}.part`,
    });
  }
}
