/**
 * Turns rows into other rows, some of them at the same time.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Stage, StageContext } from "../stage.ts";
import { checkInteger } from "./check.ts";
import { ConcurrentMap } from "./concurrent_map.ts";
import { callNamed } from "./naming.ts";

/**
 * Turns a row into another. The context's signal is aborted when the result is no longer wanted:
 * the pipeline was aborted, the consumer left, or another row failed.
 */
export type Mapper<In, Out> = (
  row: In,
  context: StageContext,
  index: number,
) => Out | Promise<Out>;

/** Options of {@linkcode map}. */
export interface MapOptions {
  /** How many rows are worked on at the same time. @default {1} */
  concurrency?: number;
  /** Whether results leave in the order in which their rows came. @default {true} */
  ordered?: boolean;
  /** How many finished rows may wait for the consumer, beside those at work. @default {0} */
  buffer?: number;
  /**
   * What a row that fails does: stop the run, or leave the pipeline as a dead letter with the
   * error's message as its reason.
   *
   * @default {"stop"}
   */
  onError?: "stop" | "drop";
}

/**
 * Maps each row, up to `concurrency` of them at the same time.
 *
 * At most `concurrency + buffer` rows are pulled and not yet consumed, however long the consumer
 * takes. A mapper that gives its result at once, and not a promise, is not waited for.
 *
 * @param mapper Makes the new row; its function name is part of the stage's.
 * @param options How many at once, in which order, and what an error does.
 * @returns A stage named `map(<the mapper's name>)`.
 * @throws {StageError} When the mapper fails: with the stage's name and the row's `id`.
 * @throws {RangeError} If a number is no positive integer (`buffer`: no integer from 0).
 *
 * @example Four requests at a time, answers in order
 * ```ts
 * import { createContext, map } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const ask = map(async function ask(question: string) {
 *   await Promise.resolve(); // A request, for example.
 *   return `${question}!`;
 * }, { concurrency: 4 });
 * async function* questions() {
 *   yield* ["why", "how", "when"];
 * }
 *
 * assertEquals(
 *   await Array.fromAsync(ask(questions(), createContext())),
 *   ["why!", "how!", "when!"],
 * );
 * ```
 */
export function map<In, Out>(
  mapper: Mapper<In, Out>,
  options: MapOptions = {},
): Stage<In, Out> {
  const { concurrency = 1, ordered = true, buffer = 0, onError = "stop" } = options;
  checkInteger("map", "concurrency", concurrency, 1);
  checkInteger("map", "buffer", buffer, 0);
  const name = callNamed("map", mapper);
  const plan = { mapper, name, concurrency, buffer, ordered, dropErrors: onError === "drop" };
  return named(name, (source: AsyncIterable<In>, context: StageContext): AsyncIterable<Out> => ({
    [Symbol.asyncIterator]: () => new ConcurrentMap(source, context, plan),
  }), { ...options });
}
