/**
 * Rows of a run that did not reach its end.
 *
 * @module
 */

import { createContext } from "../context.ts";
import { isMissing } from "../system_error.ts";
import { jsonlLines } from "./jsonl_lines.ts";
import { cutToWholeLines } from "./whole_lines.ts";

/**
 * The rows that a run which was stopped left in `<path>.part`; none where there is no such file.
 *
 * A last line that was written in part only is cut off.
 *
 * @param path The path that was given to `jsonlFile`, which goes on behind these rows if told so.
 *
 * @example Go on with a file
 * ```ts
 * import { jsonlFile, keptRows, pipeline } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const path = `${await Deno.makeTempDir()}/numbers.jsonl`;
 * await Deno.writeTextFile(`${path}.part`, "1\n2\n3"); // stopped in the middle of 345
 *
 * const done = await keptRows<number>(path);
 * assertEquals(done, [1, 2]);
 * const source = [1, 2, 345].slice(done.length);
 * await pipeline({ name: "x", source, stages: [], sink: jsonlFile(path, { goOn: true }) }).run();
 * assertEquals(await Deno.readTextFile(path), "1\n2\n345\n");
 * ```
 */
export async function keptRows<Row>(path: string): Promise<Row[]> {
  const part = `${path}.part`;
  if (!await cutIfThere(part)) return [];
  const rows: Row[] = [];
  for await (const { value } of jsonlLines<Row>(part)(createContext())) rows.push(value);
  return rows;
}

/** Whether there is such a file. */
async function cutIfThere(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true, write: true });
    await cutToWholeLines(file);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
