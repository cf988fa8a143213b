import { drops, type PipelineReport } from "../flow/mod.ts";
import { TURNS_DROPPED } from "./turn_drops.ts";

/**
 * What a run left out, by reason: records, and turns of records that stayed.
 *
 * @param report Of the run.
 * @param done Records that an earlier run made and this one went on with; what they lack counts too.
 */
export function leftOut(
  report: PipelineReport,
  done: Iterable<{ dropped?: Record<string, number> }> = [],
): Record<string, number> {
  const sums = drops(report);
  const add = (name: string, count: number): void => {
    sums[name] = (sums[name] ?? 0) + count;
  };
  for (const { counters } of report.stages) {
    for (const [name, count] of Object.entries(counters)) {
      if (name.startsWith(TURNS_DROPPED)) add(name, count);
    }
  }
  for (const { dropped = {} } of done) {
    for (const [reason, count] of Object.entries(dropped)) add(`${TURNS_DROPPED}${reason}`, count);
  }
  return sums;
}

/** Reasons as a person reads them, such as `3 shorter than a chunk, 1 empty document`. */
export function reasonsOf(leftOut: Readonly<Record<string, number>>): string {
  return Object.entries(leftOut).map(([reason, count]) => `${count} ${reason}`).join(", ");
}
