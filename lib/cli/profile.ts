/**
 * `--profile`: where a run's time goes.
 *
 * @module
 */

import type { Logger } from "../flow/mod.ts";
import { type ProfileTotals, RunProfile } from "../runtime/mod.ts";
import { type Flag, string } from "./flag.ts";
import { table } from "./table.ts";

/** The flag that asks for a profile. */
export const profileFlag: Flag<string | undefined> = string({
  summary: "Writes a Chrome trace of all graphs' runs there, and a table to standard error",
  value: "file",
});

const MIB = 2 ** 20;

/** A profile as a table: a line a graph, then what was outside of graphs, then all. */
export function profileTable({ sessions, outside, busy, seconds }: ProfileTotals): string {
  const line = (graph: string, took: number) => ({
    graph,
    seconds: Number(took.toFixed(3)),
    "%": Number((100 * took / seconds).toFixed(1)),
  });
  const sum = sessions.reduce((total, session) => total + session.seconds, 0);
  return table([
    ...sessions.map((session) => ({
      ...line(session.name, session.seconds),
      runs: session.runs,
      "ms a run": Number((1000 * session.seconds / session.runs).toFixed(3)),
      "MiB in": Math.round(session.bytesIn / MIB),
      "MiB out": Math.round(session.bytesOut / MIB),
    })),
    // Rounding aside nothing ran side by side, and the lines add up without this one.
    ...(sum - busy > 1e-6 ? [line("side by side", busy - sum)] : []),
    line("outside of graphs", outside),
    line("all", seconds),
  ], { columns: ["graph", "seconds", "%", "runs", "ms a run", "MiB in", "MiB out"], digits: 5 });
}

/** Profiles until disposed, where a file was asked for; then writes it and tells the table. */
export async function profiled(path: string | undefined, log: Logger): Promise<AsyncDisposable> {
  const profile = path === undefined ? undefined : await RunProfile.open(path);
  return {
    async [Symbol.asyncDispose]() {
      if (!profile) return;
      const totals = await profile.end();
      log.info(`${profileTable(totals)}\n${path} written`);
    },
  };
}
