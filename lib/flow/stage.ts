/**
 * What a stage is: a function from an async iterable to an async iterable, with a name.
 *
 * @module
 */

/** Where a stage says what it does: data goes to stdout, talk goes here. */
export interface Logger {
  /** What a person who watches wants to know. */
  info(message: string): void;
  /** What a person should look at, though the run goes on. */
  warn(message: string): void;
}

/** Counts what a stage does; one meter a stage. */
export interface Meter {
  /**
   * Counts a record that leaves the pipeline here and keeps it, with its reason, for the
   * dead-letter file where the pipeline has one.
   */
  drop(reason: string, record?: unknown): void;
  /** Adds to a counter of the stage's own, such as `tokens` or `truncated`. */
  count(name: string, by?: number): void;
}

/** What every stage sees beside its input. */
export interface StageContext {
  /** Aborted when the pipeline is; long work passes it on. */
  readonly signal: AbortSignal;
  /** The run's seed; a stage derives its own randomness from it and the record's id. */
  readonly seed: number;
  /** Where the stage talks. */
  readonly log: Logger;
  /** Where the stage counts. */
  readonly meter: Meter;
  /** The name under which the stage runs, where a pipeline or {@linkcode named} gave it one. */
  readonly stage?: string;
}

/**
 * Turns a stream of `In` into a stream of `Out`; an async generator function is one.
 *
 * The pull of the consumer is the backpressure. The function's `name` is the stage's name in
 * plans, reports and errors.
 *
 * @example A stage of one's own
 * ```ts
 * import type { Stage } from "@longpo/longpo/flow";
 *
 * const shout: Stage<string, string> = async function* shout(source) {
 *   for await (const word of source) yield word.toUpperCase();
 * };
 * ```
 */
export type Stage<In, Out> = (
  source: AsyncIterable<In>,
  context: StageContext,
) => AsyncIterable<Out>;
