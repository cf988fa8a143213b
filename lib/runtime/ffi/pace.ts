import { setImmediate } from "node:timers/promises";
import { MAY_GO_ASIDE } from "./aside.ts";
import { isCrowded } from "./traffic.ts";

/**
 * What is waited for in place. Going aside and coming back takes 0.03 ms on a machine that is idle,
 * half a millisecond where others wait for the same cores.
 */
const QUICK_MS = 4;

/** How long a row of quick runs may keep timers and sockets waiting. */
const TURN_MS = 8;

/** When the event loop last had a turn, as far as runs know. */
let lastTurn = 0;

/**
 * Decides, by what runs of a graph took before, which ones are waited for in place: those that are
 * quick and have the isolate to themselves.
 */
export class Pace {
  /** Shortest time by the power of two that a run's size is near to, in milliseconds. */
  readonly #quickest = new Map<number, number>();

  /**
   * Makes one run.
   *
   * @param size What the work grows with.
   */
  async run(size: number, inPlace: () => void, aside: () => Promise<void>): Promise<void> {
    const bucket = Math.round(Math.log2(Math.max(1, size)));
    const quickest = this.#quickest.get(bucket) ?? Infinity;
    // In place a row of long runs beside a row of short ones would let it have one run a turn.
    const waits = !MAY_GO_ASIDE || quickest < QUICK_MS && !isCrowded();
    if (waits && performance.now() - lastTurn > TURN_MS) {
      await setImmediate();
      lastTurn = performance.now();
    }
    const start = performance.now();
    if (waits) inPlace();
    else await aside();
    const end = performance.now();
    if (!waits) lastTurn = end;
    this.#quickest.set(bucket, Math.min(quickest, end - start));
  }
}
