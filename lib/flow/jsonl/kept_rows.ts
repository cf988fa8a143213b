/**
 * Rows of a run that did not reach its end.
 *
 * @module
 */

import { createContext } from "../context.ts";
import { jsonlLines } from "./jsonl_lines.ts";

/**
 * The rows that a run which was stopped left in `<path>.part`; none where there is no such file.
 *
 * @param path The path that was given to {@linkcode jsonlFile}.
 */
export async function keptRows<Row>(path: string): Promise<Row[]> {
  const part = `${path}.part`;
  try {
    await Deno.stat(part);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const rows: Row[] = [];
  for await (const { value } of jsonlLines<Row>(part)(createContext())) rows.push(value);
  return rows;
}
