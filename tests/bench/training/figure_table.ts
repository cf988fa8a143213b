import { table } from "../../../lib/cli/mod.ts";
import type { SideRun } from "./alternate.ts";

/** Runs as a table to print. */
export function figureTable(runs: readonly SideRun[]): string {
  const rows = runs.map(({ side, figures }) => ({
    side,
    tokens: figures.tokens,
    seconds: figures.seconds.toFixed(2),
    "CPU seconds": figures.cpuSeconds.toFixed(2),
    "peak GB": (figures.peakBytes / 1e9).toFixed(2),
    loss: figures.loss.toPrecision(8),
    "gradient norm": figures.gradNorm.toPrecision(6),
  }));
  return table(rows);
}
