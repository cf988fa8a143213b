/**
 * The context of a stage that runs on its own, outside a pipeline.
 *
 * @module
 */

import type { Logger, Meter, StageContext } from "./stage.ts";

/** A logger that writes to stderr, so that stdout stays free for data. */
export const stderrLogger: Logger = {
  info: (message) => console.error(message),
  warn: (message) => console.error(`warning: ${message}`),
};

const uncounted: Meter = { drop() {}, count() {} };

/**
 * Makes the context that a stage wants, with a default for each part.
 *
 * @param parts Signal, seed, log, meter or stage name to use instead of the defaults: never
 * aborted, 0, stderr, counting nothing, none.
 * @returns A whole context.
 *
 * @example Run one stage by hand
 * ```ts
 * import { createContext, take } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * async function* numbers() {
 *   for (let n = 1;; n++) yield n;
 * }
 *
 * assertEquals(await Array.fromAsync(take<number>(3)(numbers(), createContext())), [1, 2, 3]);
 * ```
 */
export function createContext(parts: Partial<StageContext> = {}): StageContext {
  return {
    signal: parts.signal ?? new AbortController().signal,
    seed: parts.seed ?? 0,
    log: parts.log ?? stderrLogger,
    meter: parts.meter ?? uncounted,
    stage: parts.stage,
  };
}
