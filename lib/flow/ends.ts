/**
 * The two ends of a pipeline: where rows come from and where they go.
 *
 * @module
 */

import type { StageContext } from "./stage.ts";

/**
 * Where rows come from: an iterable, or a function that opens one for each run.
 *
 * A function is the better source: it can be run again, its `name` is the source's name in plans
 * and reports, and its context lets it count what it drops.
 */
export type Source<Out> =
  | AsyncIterable<Out>
  | Iterable<Out>
  | ((context: StageContext) => AsyncIterable<Out>);

/**
 * Where rows go: takes all of them and resolves when the last is safe.
 *
 * A sink that resolves before its input ends asks the pipeline to stop, without an error.
 */
export type Sink<In> = (source: AsyncIterable<In>, context: StageContext) => Promise<void>;

/** Opens a source for one run. */
export function open<Out>(source: Source<Out>, context: StageContext): AsyncIterable<Out> {
  const rows = typeof source === "function" ? source(context) : source;
  return Symbol.asyncIterator in rows ? rows : fromSync(rows);
}

/** By hand, as an async generator around an array takes four times as long per row. */
function fromSync<Out>(rows: Iterable<Out>): AsyncIterable<Out> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<Out> {
      const iterator = rows[Symbol.iterator]();
      return {
        next: () => Promise.resolve(iterator.next()),
        return: (value?: unknown) =>
          Promise.resolve(iterator.return?.(value) ?? { done: true, value }),
      };
    },
  };
}
