/**
 * `--profile`: where a run's time goes.
 *
 * @module
 */

import type { Logger } from "../flow/mod.ts";
import { type ProfileTotals, RunProfile } from "../runtime/mod.ts";
import { type Flag, number, string } from "./flag.ts";
import { operatorTables } from "./operator_table.ts";
import { table } from "./table.ts";
import { UsageError } from "./usage_error.ts";

/** The flags that ask for a profile, and their values. */
export interface ProfileFlags {
  /** `--profile`: the trace's file. */
  profile: Flag<string | undefined>;
  /** `--profile-operators`: how many runs of a graph are looked into. */
  profileOperators: Flag<number>;
}

/** The flags that ask for a profile. */
export const profileFlags: ProfileFlags = {
  profile: string({
    summary: "Writes a Chrome trace of all graphs' runs there, and a table to standard error",
    value: "file",
  }),
  profileOperators: number({
    summary:
      "Looks into that many runs of each graph for --profile, operator by operator (on the CPU)",
    integer: true,
    min: 0,
    default: 0,
  }),
};

const MIB = 2 ** 20;

/** A profile as a table: a line a graph, then what was outside of graphs, then all. */
export function profileTable(totals: ProfileTotals): string {
  const { sessions, looking, outside, busy, seconds } = totals;
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
    ...(looking > 0 ? [line("writing operators down", looking)] : []),
    line("outside of graphs", outside),
    line("all", seconds),
  ], { columns: ["graph", "seconds", "%", "runs", "ms a run", "MiB in", "MiB out"], digits: 5 });
}

/**
 * Profiles until disposed, where a file was asked for; then writes it and tells the tables.
 *
 * @param flags What `profileFlags` were given.
 * @throws {UsageError} If operators are to be looked at, but no file was asked for.
 * @throws {UserError} If the file cannot be written.
 */
export async function profiled(
  { profile: path, profileOperators: operators }: { profile?: string; profileOperators: number },
  log: Logger,
): Promise<AsyncDisposable> {
  if (path === undefined && operators > 0) {
    throw new UsageError("Cannot use --profile-operators without --profile", {
      hint: "Say with --profile which file the trace is to be written to",
    });
  }
  const profile = path === undefined ? undefined : await RunProfile.open(path, { operators });
  return {
    async [Symbol.asyncDispose]() {
      if (!profile) return;
      const totals = await profile.end();
      log.info(`${tables(totals, operators)}\n${path} written`);
    },
  };
}

function tables(totals: ProfileTotals, operators: number): string {
  const graphs = profileTable(totals);
  if (operators === 0) return graphs;
  if (totals.operators.length > 0) return `${graphs}\n\n${operatorTables(totals)}`;
  return `${graphs}\nno graph ran where operators can be looked at, which is the backend ffi`;
}
