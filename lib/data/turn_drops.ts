/**
 * Turns that leave a record on its way.
 *
 * @module
 */

import type { Meter } from "../flow/mod.ts";

/** What counters of dropped turns begin with; the reason follows. */
export const TURNS_DROPPED = "turns dropped: ";

/**
 * Counts turns that leave a record: for the run, and in the record, so that a run which goes on with
 * records that were made before knows of theirs too.
 */
export class TurnDrops {
  readonly #counts: Record<string, number>;
  readonly #meter: Meter;

  /** Goes on counting after what the record tells of already. */
  constructor({ dropped = {} }: { dropped?: Record<string, number> }, meter: Meter) {
    this.#counts = { ...dropped };
    this.#meter = meter;
  }

  /** Counts turns that leave for one reason. */
  add(reason: string, by = 1): void {
    if (by === 0) return;
    this.#meter.count(`${TURNS_DROPPED}${reason}`, by);
    this.#counts[reason] = (this.#counts[reason] ?? 0) + by;
  }

  /** What the record says of it; nothing where no turn has left. */
  get noted(): { dropped?: Record<string, number> } {
    return Object.keys(this.#counts).length > 0 ? { dropped: { ...this.#counts } } : {};
  }
}
