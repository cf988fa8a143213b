/**
 * A pipeline as data: what flows from where through what to where.
 *
 * @module
 */

import { describe, type Description } from "../describe.ts";
import type { Sink, Source } from "../ends.ts";
import { type AnyStage, partsOfStage } from "../pipe.ts";
import type { Logger, Stage } from "../stage.ts";
import { drawPlan } from "./plan.ts";
import type { PipelineReport } from "./report.ts";
import { Run } from "./run.ts";

/** What a pipeline consists of, beside its stages. */
export interface PipelineOptions<In, Out> {
  /** What plans and reports call it. */
  name: string;
  /** Where rows come from. */
  source: Source<In>;
  /** Where rows go; without one they can be iterated over. */
  sink?: Sink<Out>;
  /** What stages derive their randomness from. @default {0} */
  seed?: number;
  /** A JSON Lines file to which records that are dropped are appended, each with its reason. */
  deadLetters?: string;
  /** Where stages talk. @default {stderr} */
  log?: Logger;
  /** Most milliseconds that an aborted run waits for stages to clear up. @default {2_000} */
  grace?: number;
}

/** Options of one run. */
export interface RunOptions {
  /** Stops the run. */
  signal?: AbortSignal;
  /** Is told what has been done so far, now and then. */
  progress?: (report: PipelineReport) => void;
  /** Milliseconds between two calls of `progress`. @default {1_000} */
  every?: number;
}

/** A pipeline that can be printed, run and iterated over, again and again if its source can. */
export interface Pipeline<Out> extends AsyncIterable<Out> {
  /** Its name. */
  readonly name: string;
  /** Source, stages and sink, in order. */
  readonly parts: readonly Description[];
  /** A drawing of it: a line for each part, with its options. */
  toString(): string;
  /**
   * Drives all rows to the sink, or through the stages where there is none.
   *
   * @throws {StageError} When a stage fails: with its name and the record's id.
   * @throws The signal's reason, when the run is aborted.
   */
  run(options?: RunOptions): Promise<PipelineReport>;
  /**
   * Gives the rows of the last stage; the sink gets none.
   *
   * Leaving the loop stops the run.
   */
  rows(options?: RunOptions): AsyncGenerator<Out, PipelineReport>;
}

/**
 * Declares a pipeline: nothing happens until it is run or iterated over.
 *
 * `stages` is one stage, such as what {@linkcode pipe} gives, or a list of up to ten. Types are
 * checked from the source to the sink. They flow from left to right through `pipe`; in a list, and
 * in a sink, an inline function may need its parameter's type.
 *
 * @param options Name, source, stages and sink, the seed, and where dropped records go.
 * @returns The pipeline.
 *
 * @example Count words
 * ```ts
 * import { filter, map, pipe, pipeline } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const counting = pipeline({
 *   name: "counting",
 *   source: ["a stream of words", "", "two words"],
 *   stages: pipe(
 *     filter(function notEmpty(text: string) {
 *       return text !== "";
 *     }, "empty"),
 *     map((text) => text.split(" ").length, { concurrency: 2 }),
 *   ),
 * });
 *
 * console.log(`${counting}`);
 * assertEquals(await Array.fromAsync(counting), [4, 2]);
 * const report = await counting.run();
 * assertEquals(report.stages[1].drops, { empty: 1 });
 * ```
 */
export function pipeline<A>(
  options: PipelineOptions<A, A> & { stages: readonly [] },
): Pipeline<A>;
/** A pipeline of one stage. */
export function pipeline<A, B>(
  options: PipelineOptions<A, B> & { stages: Stage<A, B> },
): Pipeline<B>;
/** A pipeline of one stage in a list. */
export function pipeline<A, B>(
  options: PipelineOptions<A, B> & { stages: readonly [Stage<A, B>] },
): Pipeline<B>;
/** A pipeline of two stages. */
export function pipeline<A, B, C>(
  options: PipelineOptions<A, C> & { stages: readonly [Stage<A, B>, Stage<B, C>] },
): Pipeline<C>;
/** A pipeline of three stages. */
export function pipeline<A, B, C, D>(
  options: PipelineOptions<A, D> & { stages: readonly [Stage<A, B>, Stage<B, C>, Stage<C, D>] },
): Pipeline<D>;
/** A pipeline of four stages. */
export function pipeline<A, B, C, D, E>(
  options: PipelineOptions<A, E> & {
    stages: readonly [Stage<A, B>, Stage<B, C>, Stage<C, D>, Stage<D, E>];
  },
): Pipeline<E>;
/** A pipeline of five stages. */
export function pipeline<A, B, C, D, E, F>(
  options: PipelineOptions<A, F> & {
    stages: readonly [Stage<A, B>, Stage<B, C>, Stage<C, D>, Stage<D, E>, Stage<E, F>];
  },
): Pipeline<F>;
/** A pipeline of six stages. */
export function pipeline<A, B, C, D, E, F, G>(
  options: PipelineOptions<A, G> & {
    stages: readonly [Stage<A, B>, Stage<B, C>, Stage<C, D>, Stage<D, E>, Stage<E, F>, Stage<F, G>];
  },
): Pipeline<G>;
/** A pipeline of seven stages. */
export function pipeline<A, B, C, D, E, F, G, H>(
  options: PipelineOptions<A, H> & {
    stages: readonly [
      Stage<A, B>,
      Stage<B, C>,
      Stage<C, D>,
      Stage<D, E>,
      Stage<E, F>,
      Stage<F, G>,
      Stage<G, H>,
    ];
  },
): Pipeline<H>;
/** A pipeline of eight stages. */
export function pipeline<A, B, C, D, E, F, G, H, I>(
  options: PipelineOptions<A, I> & {
    stages: readonly [
      Stage<A, B>,
      Stage<B, C>,
      Stage<C, D>,
      Stage<D, E>,
      Stage<E, F>,
      Stage<F, G>,
      Stage<G, H>,
      Stage<H, I>,
    ];
  },
): Pipeline<I>;
/** A pipeline of nine stages. */
export function pipeline<A, B, C, D, E, F, G, H, I, J>(
  options: PipelineOptions<A, J> & {
    stages: readonly [
      Stage<A, B>,
      Stage<B, C>,
      Stage<C, D>,
      Stage<D, E>,
      Stage<E, F>,
      Stage<F, G>,
      Stage<G, H>,
      Stage<H, I>,
      Stage<I, J>,
    ];
  },
): Pipeline<J>;
/** A pipeline of ten stages. */
export function pipeline<A, B, C, D, E, F, G, H, I, J, K>(
  options: PipelineOptions<A, K> & {
    stages: readonly [
      Stage<A, B>,
      Stage<B, C>,
      Stage<C, D>,
      Stage<D, E>,
      Stage<E, F>,
      Stage<F, G>,
      Stage<G, H>,
      Stage<H, I>,
      Stage<I, J>,
      Stage<J, K>,
    ];
  },
): Pipeline<K>;
export function pipeline(
  options: PipelineOptions<unknown, never> & { stages: AnyStage | readonly AnyStage[] },
): Pipeline<unknown> {
  const { name, source, sink } = options;
  const given = typeof options.stages === "function" ? [options.stages] : options.stages;
  const stages = given.flatMap(partsOfStage);
  const ends = sink === undefined ? [] : [describe(sink, "sink")];
  const parts = [
    describe(source, "source"),
    ...stages.map((stage, index) => describe(stage, `stage ${index + 1}`)),
  ];
  const plan = { ...options, stages };

  async function* rows(run: RunOptions = {}): AsyncGenerator<unknown, PipelineReport> {
    const running = new Run({ ...plan, parts, sink: undefined }, run.signal);
    {
      await using _ = running;
      using __ = reporting(running, run);
      for await (const row of running.output) yield row;
    }
    return running.report();
  }

  return {
    name,
    parts: [...parts, ...ends],
    toString: () => drawPlan(name, [...parts, ...ends]),
    async run(run: RunOptions = {}) {
      const running = new Run({ ...plan, parts: [...parts, ...ends] }, run.signal);
      {
        await using _ = running;
        using __ = reporting(running, run);
        await running.drain();
      }
      return running.report();
    },
    rows,
    [Symbol.asyncIterator]: () => rows(),
  };
}

/** Calls `progress` now and then, until it is disposed of. */
function reporting(run: Run, options: RunOptions): Disposable {
  const { progress, every = 1_000 } = options;
  const timer = progress && setInterval(() => progress(run.report()), every);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
