/**
 * How far a long piece of work has come: a bar on a terminal, now and then a line elsewhere.
 *
 * @module
 */

import { duration, rate } from "./duration.ts";
import { type Screen, stderrScreen } from "./screen.ts";

const REDRAW_EVERY = 100;

/** What is shown and where. */
export interface ProgressOptions {
  /** What is counted, such as `pairs`. */
  label: string;
  /** How many there will be, where that is known. */
  total?: number;
  /**
   * How many an earlier run has done: they are counted first, in no time, and left out of the rate.
   * @default {0}
   */
  before?: number;
  /** Milliseconds between two lines where there is no terminal. @default {5000} */
  every?: number;
  /** Where it is shown. @default {stderrScreen} */
  screen?: Screen;
  /** The clock, in milliseconds. @default {performance.now} */
  now?: () => number;
}

/** Work that is being counted; disposing of it says the last figures. */
export interface Progress extends Disposable {
  /**
   * Counts what was done.
   *
   * @param by How many more are done. @default {1}
   * @param note What to say beside the count, such as the loss; it stays until the next.
   */
  advance(by?: number, note?: string): void;
  /** Says the last figures and stops; more calls do nothing. */
  finish(): void;
}

/**
 * Starts counting.
 *
 * @example Count a loop
 * ```ts
 * import { progress } from "./mod.ts";
 *
 * const lengths = [3, 1, 2];
 * using bar = progress({ label: "documents", total: lengths.length });
 * for (const length of lengths) bar.advance(1, `${length} pages`);
 * ```
 */
export function progress(options: ProgressOptions): Progress {
  const { label, total, before = 0, every = 5000, screen = stderrScreen } = options;
  const { now = () => performance.now() } = options;
  const owner = {};
  const started = now();
  const pause = screen.interactive ? REDRAW_EVERY : every;
  let [done, note, shown, finished] = [0, "", started, false];

  function figures(): string {
    const elapsed = now() - started;
    const parts = [total === undefined ? `${done}` : `${done}/${total}`];
    const own = done - before;
    if (own > 0) parts.push(rate(own, elapsed));
    if (finished || total === undefined) parts.push(duration(elapsed));
    else if (own > 0) parts.push(`${duration(elapsed / own * Math.max(total - done, 0))} left`);
    if (note !== "") parts.push(note);
    return parts.join(", ");
  }

  function draw(): void {
    shown = now();
    if (!screen.interactive) screen.print(`${label}: ${figures()}`);
    else screen.show(owner, [label, bar(done, total), figures()].filter(Boolean).join(" "));
  }

  function finish(): void {
    if (finished) return;
    finished = true;
    screen.show(owner);
    screen.print(`${label}: ${figures()}`);
  }

  if (screen.interactive) draw();
  return {
    advance(by = 1, said = note): void {
      if (finished) return;
      done += by;
      note = said;
      if (now() - shown >= pause) draw();
    },
    finish,
    [Symbol.dispose]: finish,
  };
}

function bar(done: number, total: number | undefined, width = 24): string {
  if (!total) return "";
  const full = Math.round(width * Math.min(done / total, 1));
  return `[${"#".repeat(full)}${"-".repeat(width - full)}]`;
}
