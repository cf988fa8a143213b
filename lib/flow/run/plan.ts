/**
 * The drawing of a pipeline.
 *
 * @module
 */

import type { Description } from "../describe.ts";

/**
 * Draws source, stages and sink from top to bottom, a line each, with their options.
 *
 * @param name The pipeline's name.
 * @param parts What it consists of, in order.
 * @returns Lines of text without a final newline.
 */
export function drawPlan(name: string, parts: readonly Description[]): string {
  const width = Math.max(...parts.map((part) => part.name.length));
  const lines = parts.map((part, index) => {
    const edge = index === 0 ? "┌" : index === parts.length - 1 ? "└" : "│";
    const options = Object.entries(part.options)
      .filter(([, value]) => value !== undefined)
      .map(([option, value]) => `${option}=${value}`);
    return `  ${edge} ${part.name.padEnd(width)}  ${options.join(" ")}`.trimEnd();
  });
  return [name, ...lines].join("\n");
}
