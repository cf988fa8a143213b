/**
 * Figures in aligned columns.
 *
 * @module
 */

/** What a cell holds; what is not there is shown as a dash. */
export type Cell = string | number | boolean | null | undefined;

/** What a table shows. */
export interface TableOptions {
  /** The columns and their order. @default {every name that occurs, in order of appearance} */
  columns?: readonly string[];
  /** Significant digits of numbers that are not whole. @default {4} */
  digits?: number;
}

/**
 * Lays rows out under their column names: numbers to the right, words to the left.
 *
 * @example Before and after
 * ```ts
 * import { table } from "./mod.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const rows = [{ task: "needle", before: 0.25, after: 0.5 }, { task: "gist", before: 3, after: 3 }];
 * assertEquals(table(rows).split("\n"), [
 *   "task    before  after",
 *   "needle    0.25    0.5",
 *   "gist         3      3",
 * ]);
 * ```
 *
 * @returns The lines joined, without an end of line after the last.
 */
export function table(
  rows: readonly Readonly<Record<string, Cell>>[],
  options: TableOptions = {},
): string {
  const columns = options.columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const laid = columns.map((name) => {
    const cells = rows.map((row) => row[name]);
    const texts = [name, ...cells.map((cell) => show(cell, options.digits ?? 4))];
    const width = Math.max(...texts.map((text) => text.length));
    const isNumeric = cells.every((cell) => cell == null || typeof cell === "number");
    return texts.map((text) => isNumeric ? text.padStart(width) : text.padEnd(width));
  });
  const lines = [undefined, ...rows].map((_, i) => laid.map((cells) => cells[i]).join("  "));
  return lines.map((line) => line.trimEnd()).join("\n");
}

function show(cell: Cell, digits: number): string {
  if (cell == null) return "-";
  if (typeof cell !== "number") return String(cell);
  if (!Number.isFinite(cell)) return String(cell);
  return cell.toLocaleString(
    "en",
    Number.isInteger(cell) ? {} : { maximumSignificantDigits: digits },
  );
}
