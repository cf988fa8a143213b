/**
 * Runs that take turns, so that what else the machine does meets all alike.
 *
 * @module
 */

import type { Logger } from "../../../lib/flow/mod.ts";
import { duration } from "../../../lib/cli/mod.ts";
import type { Figures } from "./figures.ts";

/** One of the things that are compared. */
export interface Side {
  name: string;
  run(): Promise<Figures>;
}

/** One run of one side. */
export interface SideRun {
  side: string;
  figures: Figures;
}

/** Runs every side so many times; each second round goes the other way. */
export async function alternate(
  sides: readonly Side[],
  repeats: number,
  log: Logger,
): Promise<SideRun[]> {
  const runs: SideRun[] = [];
  for (let round = 0; round < repeats; round++) {
    for (const { name, run } of round % 2 === 0 ? sides : sides.toReversed()) {
      const figures = await run();
      log.info(`run ${round + 1} of ${repeats}, ${name}: ${duration(1000 * figures.seconds)}`);
      runs.push({ side: name, figures });
    }
  }
  return runs;
}

/** The figures of one side's runs. */
export function runsOf(runs: readonly SideRun[], side: string): Figures[] {
  return runs.filter((run) => run.side === side).map(({ figures }) => figures);
}
