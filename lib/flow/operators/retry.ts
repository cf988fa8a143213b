/**
 * Trying again what may work the next time.
 *
 * @module
 */

import type { StageContext } from "../stage.ts";
import { reasonOf } from "../stage_error.ts";
import { checkInteger } from "./check.ts";
import type { Mapper } from "./map.ts";
import { callNamed } from "./naming.ts";
import { sleep } from "./sleep.ts";

/** Options of {@linkcode retry}. */
export interface RetryOptions {
  /** How often to try in all, the first time included. @default {4} */
  tries?: number;
  /** Milliseconds before the second try; they double with each further one. @default {500} */
  minDelay?: number;
  /** Most milliseconds between two tries. @default {30_000} */
  maxDelay?: number;
  /** The part of each delay that is left to chance, so that many do not retry at once: 0 to 1. @default {0.5} */
  jitter?: number;
  /** Which errors are worth another try. @default {() => true} */
  when?: (error: unknown) => boolean;
  /** The milliseconds to wait after an error that says so itself, as HTTP's `Retry-After` does. */
  delay?: (error: unknown) => number | undefined;
}

/**
 * Wraps a mapper so that it is tried again when it fails, with a growing delay.
 *
 * Waiting ends at once when the run is aborted. Each further try counts as `retries` in the
 * stage's counters.
 *
 * @param mapper What may fail.
 * @param options How often, how long between, and after which errors.
 * @returns A mapper of the same rows, for {@linkcode map}.
 * @throws {RangeError} If `tries` is no positive integer.
 *
 * @example The third time works
 * ```ts
 * import { createContext, map, retry } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * let calls = 0;
 * const shaky = retry(function shaky(word: string) {
 *   if (++calls < 3) throw new Error("Service unavailable");
 *   return word.toUpperCase();
 * }, { minDelay: 1 });
 * async function* words() {
 *   yield "again";
 * }
 *
 * assertEquals(await Array.fromAsync(map(shaky)(words(), createContext())), ["AGAIN"]);
 * ```
 */
export function retry<In, Out>(
  mapper: Mapper<In, Out>,
  options: RetryOptions = {},
): (row: In, context: StageContext, index: number) => Promise<Out> {
  const { tries = 4, when = () => true } = options;
  checkInteger("retry", "tries", tries, 1);

  async function retrying(row: In, context: StageContext, index: number): Promise<Out> {
    for (let tried = 1;; tried++) {
      try {
        return await mapper(row, context, index);
      } catch (error) {
        if (context.signal.aborted || !when(error)) throw error;
        if (tried === tries) {
          if (tries === 1) throw error;
          throw new Error(`Gave up after ${tries} tries: ${reasonOf(error)}`, { cause: error });
        }
        context.meter.count("retries");
        await sleep(options.delay?.(error) ?? backoff(tried, options), context.signal);
      }
    }
  }

  Object.defineProperty(retrying, "name", { value: callNamed("retry", mapper) });
  return retrying;
}

/** Milliseconds to wait after the given number of tries. */
function backoff(tried: number, options: RetryOptions): number {
  const { minDelay = 500, maxDelay = 30_000, jitter = 0.5 } = options;
  const delay = Math.min(maxDelay, minDelay * 2 ** (tried - 1));
  return delay * (1 - jitter * Math.random());
}
