/**
 * Operators of a profile as tables.
 *
 * @module
 */

import type { ProfileTotals, SessionTotal } from "../runtime/mod.ts";
import { type Cell, table } from "./table.ts";

/** What operators of one type take: in all runs of a graph, or in all graphs. */
interface Line {
  graph?: string;
  operator: string;
  seconds: number;
  /** In one run. */
  calls?: number;
  /** In one run. */
  bytesOut?: number;
}

/** What takes less than this share of a profile's time is put together. */
const LEAST_SHARE = 0.002;

const MIB = 2 ** 20;

/**
 * Two tables: operators graph by graph, and operators wherever they are.
 *
 * Measured are the runs that were looked into; their times are scaled to all runs of their graph.
 */
export function operatorTables(totals: ProfileTotals): string {
  const { sessions, seconds } = totals;
  const graphs = sessions.filter(({ lookedInto }) => lookedInto > 0)
    .map((session) => linesOf(session, totals));
  const least = seconds * LEAST_SHARE;
  const tableOf = (lines: readonly Line[]) => table(lines.map((line) => cells(line, seconds)));
  const wherever = shorten(mergeGraphs(graphs.flat()), least);
  return [
    tableOf(graphs.flatMap((lines) => shorten(lines, least))),
    tableOf(wherever),
  ].join("\n\n");
}

function linesOf(session: SessionTotal, { operators }: ProfileTotals): Line[] {
  const { name: graph, lookedInto, secondsLookedInto } = session;
  const scale = session.seconds / secondsLookedInto;
  const lines: Line[] = operators.filter((one) => one.session === graph).map((one) => ({
    graph,
    operator: one.operator,
    seconds: one.seconds * scale,
    calls: one.calls / lookedInto,
    bytesOut: one.bytesOut / lookedInto,
  }));
  return [...lines, {
    graph,
    operator: "between operators",
    seconds: session.seconds - sum(lines),
  }];
}

/** Puts the least lines of a graph together. */
function shorten(lines: readonly Line[], least: number): Line[] {
  const few = lines.filter(({ seconds }) => seconds < least);
  if (few.length < 2) return [...lines];
  const others = { graph: few[0].graph, operator: `${few.length} others`, seconds: sum(few) };
  return [...lines.filter(({ seconds }) => seconds >= least), others];
}

/** Sums over graphs. */
function mergeGraphs(lines: readonly Line[]): Line[] {
  const kinds = Map.groupBy(lines, ({ operator }) => operator);
  return [...kinds].map(([operator, same]) => ({ operator, seconds: sum(same) }))
    .toSorted((a, b) => b.seconds - a.seconds);
}

function sum(lines: readonly Line[]): number {
  return lines.reduce((total, { seconds }) => total + seconds, 0);
}

function cells({ graph, operator, seconds, calls, bytesOut }: Line, all: number) {
  const line: Record<string, Cell> = {
    ...(graph === undefined ? {} : { graph }),
    operator,
    seconds: Number(seconds.toFixed(3)),
    "%": Number((100 * seconds / all).toFixed(1)),
  };
  if (graph === undefined) return line;
  return { ...line, "calls a run": calls, "MiB out a run": bytesOut && Math.round(bytesOut / MIB) };
}
