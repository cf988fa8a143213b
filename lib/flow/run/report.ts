/**
 * What a run tells of itself.
 *
 * @module
 */

/** What one stage has done. */
export interface StageReport {
  /** The stage's name. */
  stage: string;
  /** Rows it has got. */
  rowsIn: number;
  /** Rows it has given. */
  rowsOut: number;
  /** Milliseconds in which others waited for it, and it did not wait for its input. */
  ms: number;
  /** How many records it has dropped, by reason. */
  drops: Record<string, number>;
  /** Its own counters, such as `tokens`. */
  counters: Record<string, number>;
}

/** What a whole run has done. */
export interface PipelineReport {
  /** The pipeline's name. */
  pipeline: string;
  /** Rows that reached the end. */
  rows: number;
  /** Milliseconds since it was started. */
  ms: number;
  /** Source, stages and sink, in order. */
  stages: StageReport[];
}

/**
 * Draws a report as a table, with a line for each stage.
 *
 * @param report What a run has done.
 * @returns Lines of text without a final newline.
 *
 * @example Where the time went
 * ```ts
 * import { formatReport, pipeline, take } from "@longpo/longpo/flow";
 *
 * const report = await pipeline({ name: "some", source: [1, 2, 3], stages: [take(2)] }).run();
 * console.log(formatReport(report));
 * ```
 */
export function formatReport(report: PipelineReport): string {
  const head = ["stage", "in", "out", "ms", "notes"];
  const body = report.stages.map((stage) => [
    stage.stage,
    String(stage.rowsIn),
    String(stage.rowsOut),
    stage.ms.toFixed(0),
    [
      ...Object.entries(stage.drops).map(([reason, count]) => `dropped ${count}: ${reason}`),
      ...Object.entries(stage.counters).map(([name, count]) => `${name} ${count}`),
    ].join("; "),
  ]);
  const rows = [head, ...body];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column >= 1 && column <= 3 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])
    ).join("  ").trimEnd()
  );
  return [`${report.pipeline}: ${report.rows} rows in ${report.ms.toFixed(0)} ms`, ...lines]
    .join("\n  ");
}

/** How many records a run left out, by reason, all stages together. */
export function drops(report: PipelineReport): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { drops } of report.stages) {
    for (const [reason, count] of Object.entries(drops)) sums[reason] = (sums[reason] ?? 0) + count;
  }
  return sums;
}
