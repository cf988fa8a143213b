/**
 * What one stage of a run has counted.
 *
 * @module
 */

import type { Meter } from "../stage.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { StageReport } from "./report.ts";
import { StageClock } from "./stage_clock.ts";

/** The meter of one stage, with its rows and its time. */
export class Tally implements Meter {
  /** The stage's name. */
  readonly name: string;
  /** Its own time. */
  readonly clock: StageClock = new StageClock();
  /** Rows it has got. */
  rowsIn = 0;
  /** Rows it has given. */
  rowsOut = 0;
  /** The last row it has got: the one it was probably at, if it fails. */
  last: unknown;

  readonly #drops = new Map<string, number>();
  readonly #counters = new Map<string, number>();
  readonly #deadLetters: DeadLetters | undefined;

  constructor(name: string, deadLetters: DeadLetters | undefined) {
    this.name = name;
    this.#deadLetters = deadLetters;
  }

  drop(reason: string, record?: unknown): void {
    this.#drops.set(reason, (this.#drops.get(reason) ?? 0) + 1);
    this.#deadLetters?.write({ stage: this.name, reason, record });
  }

  count(name: string, by = 1): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + by);
  }

  report(): StageReport {
    return {
      stage: this.name,
      rowsIn: this.rowsIn,
      rowsOut: this.rowsOut,
      ms: this.clock.own,
      drops: Object.fromEntries(this.#drops),
      counters: Object.fromEntries(this.#counters),
    };
  }
}
