/**
 * Turns each row into any number of rows.
 *
 * @module
 */

import { named } from "../describe.ts";
import type { Stage, StageContext } from "../stage.ts";
import { asStageError } from "../stage_error.ts";
import { buffer } from "./buffer.ts";
import { checkInteger } from "./check.ts";
import { closeIterator } from "./close.ts";
import { map } from "./map.ts";
import { Merged } from "./merged.ts";
import { callNamed } from "./naming.ts";

/** Rows that a row turns into. */
export type Rows<Out> = Iterable<Out> | AsyncIterable<Out>;

/** Turns a row into any number of rows: an array, a generator, or a promise of one. */
export type FlatMapper<In, Out> = (
  row: In,
  context: StageContext,
  index: number,
) => Rows<Out> | Promise<Rows<Out>>;

/** Options of {@linkcode flatMap}. */
export interface FlatMapOptions {
  /** How many rows are worked on at the same time. @default {1} */
  concurrency?: number;
  /** Whether results leave in the order in which their rows came. @default {true} */
  ordered?: boolean;
  /**
   * With `ordered`, how far each row's generator works ahead of its turn.
   *
   * @default {16}
   */
  buffer?: number;
}

/**
 * Maps each row to any number of rows, up to `concurrency` rows at the same time.
 *
 * @param mapper Makes the new rows; none is fine.
 * @param options How many at once and in which order.
 * @returns A stage named `flatMap(<the mapper's name>)`.
 * @throws {StageError} When the mapper, or the generator it gave, fails.
 * @throws {RangeError} If a number is no positive integer.
 *
 * @example From lines to words
 * ```ts
 * import { createContext, flatMap } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const words = flatMap((line: string) => line.split(" "));
 * async function* lines() {
 *   yield* ["a stream", "of words"];
 * }
 *
 * assertEquals(
 *   await Array.fromAsync(words(lines(), createContext())),
 *   ["a", "stream", "of", "words"],
 * );
 * ```
 */
export function flatMap<In, Out>(
  mapper: FlatMapper<In, Out>,
  options: FlatMapOptions = {},
): Stage<In, Out> {
  const { concurrency = 1, ordered = true, buffer: ahead = 16 } = options;
  checkInteger("flatMap", "concurrency", concurrency, 1);
  checkInteger("flatMap", "buffer", ahead, 1);
  const name = callNamed("flatMap", mapper);

  async function* expand(row: In, context: StageContext, index: number): AsyncGenerator<Out> {
    try {
      yield* await mapper(row, context, index);
    } catch (error) {
      throw asStageError(context.stage ?? name, error, row);
    }
  }

  const stage = concurrency === 1
    ? oneByOne(expand)
    : ordered
    ? inOrder(expand, concurrency, ahead)
    : asTheyCome(expand, concurrency);
  return named(name, stage, { ...options });
}

type Expand<In, Out> = (row: In, context: StageContext, index: number) => AsyncIterable<Out>;

function oneByOne<In, Out>(expand: Expand<In, Out>): Stage<In, Out> {
  return async function* (source, context) {
    let index = 0;
    for await (const row of source) yield* expand(row, context, index++);
  };
}

/** Workers take rows from the same source in turn, and their results are merged. */
function asTheyCome<In, Out>(expand: Expand<In, Out>, concurrency: number): Stage<In, Out> {
  return async function* (source, context) {
    const input = source[Symbol.asyncIterator]();
    let index = 0;
    let over = false;
    let turn: Promise<IteratorResult<In> | undefined> = Promise.resolve(undefined);
    const take = (): Promise<IteratorResult<In> | undefined> =>
      turn = turn.then(() => over ? undefined : input.next());

    async function* work(): AsyncGenerator<Out> {
      for (let step = await take(); step !== undefined; step = await take()) {
        if (step.done) over = true;
        else yield* expand(step.value, context, index++);
      }
    }

    try {
      yield* new Merged(Array.from({ length: concurrency }, work), context.signal);
    } finally {
      if (!over) await closeIterator(input, true);
    }
  };
}

/** Each row's results are gathered ahead of their turn, in a buffer of their own. */
function inOrder<In, Out>(
  expand: Expand<In, Out>,
  concurrency: number,
  ahead: number,
): Stage<In, Out> {
  return async function* (source, context) {
    const started = new Set<AsyncIterator<Out>>();
    const start = (row: In, _: StageContext, index: number) => {
      const rest = buffer<Out>(ahead)(expand(row, context, index), context)[Symbol.asyncIterator]();
      const first = rest.next();
      // It is awaited in its turn; until then its error is no stray one.
      first.catch(() => {});
      started.add(rest);
      return { first, rest };
    };
    try {
      // One row is at work beside those that wait: it is the one being read.
      for await (
        const { first, rest } of map(start, { buffer: concurrency - 2 })(source, context)
      ) {
        for (let step = await first; !step.done; step = await rest.next()) yield step.value;
        started.delete(rest);
      }
    } finally {
      await Promise.all([...started].map((rest) => rest.return?.()));
    }
  };
}
