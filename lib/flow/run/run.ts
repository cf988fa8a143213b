/**
 * One run of a pipeline.
 *
 * @module
 */

import { stderrLogger } from "../context.ts";
import type { Description } from "../describe.ts";
import { open, type Sink, type Source } from "../ends.ts";
import type { AnyStage } from "../pipe.ts";
import type { Logger, StageContext } from "../stage.ts";
import { asStageError } from "../stage_error.ts";
import { DeadLetters } from "./dead_letters.ts";
import { Link } from "./link.ts";
import type { PipelineReport } from "./report.ts";
import { Tally } from "./tally.ts";

/** What a {@linkcode Run} is made from: the pipeline's options, its stages one by one. */
export interface RunPlan {
  name: string;
  source: Source<unknown>;
  stages: readonly AnyStage[];
  sink?: Sink<never>;
  parts: readonly Description[];
  seed?: number;
  deadLetters?: string;
  log?: Logger;
  grace?: number;
}

/** Links the stages of a pipeline, drives rows through them, and clears up. */
export class Run implements AsyncDisposable {
  /** The signal all stages see. */
  readonly signal: AbortSignal;
  /** The rows of the last stage. */
  readonly output: AsyncIterable<unknown>;

  readonly #plan: RunPlan;
  readonly #stop = new AbortController();
  readonly #deadLetters: DeadLetters | undefined;
  readonly #tallies: Tally[];
  readonly #links: Link<unknown>[] = [];
  readonly #closing = new Set<Promise<unknown>>();
  readonly #start = performance.now();
  #end: number | undefined;

  constructor(plan: RunPlan, signal?: AbortSignal) {
    this.#plan = plan;
    this.signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    this.#deadLetters = plan.deadLetters === undefined
      ? undefined
      : new DeadLetters(plan.deadLetters);
    this.#tallies = plan.parts.map((part) => new Tally(part.name, this.#deadLetters));
    this.output = this.#link();
    this.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (this.signal.aborted) this.#onAbort();
  }

  #link(): AsyncIterable<unknown> {
    const { source, stages } = this.#plan;
    let rows = this.#join(0, (context) => open(source, context));
    stages.forEach((stage, index) => {
      const input = rows as AsyncIterable<never>;
      rows = this.#join(index + 1, (context) => stage(input, context));
    });
    return rows;
  }

  #join(index: number, start: (context: StageContext) => AsyncIterable<unknown>): Link<unknown> {
    const tally = this.#tallies[index];
    try {
      const link = new Link(start(this.#context(tally)), tally, this.#tallies[index + 1], {
        signal: this.signal,
        closing: (work) => this.#watch(work),
      });
      this.#links.push(link);
      return link;
    } catch (error) {
      throw asStageError(tally.name, error, undefined);
    }
  }

  #context(tally: Tally): StageContext {
    const { seed = 0, log = stderrLogger } = this.#plan;
    return { signal: this.signal, seed, log, meter: tally, stage: tally.name };
  }

  #watch(work: Promise<unknown>): void {
    const quiet = work.catch(() => {}).finally(() => this.#closing.delete(quiet));
    this.#closing.add(quiet);
  }

  readonly #onAbort = (): void => {
    for (const link of this.#links) link.abort();
  };

  /** Gives all rows to the sink, or to nobody where there is none. */
  async drain(): Promise<void> {
    const { sink } = this.#plan;
    if (sink === undefined) {
      for await (const _ of this.output);
      return;
    }
    const tally = this.#tallies.at(-1)!;
    tally.clock.asked(Date.now());
    try {
      await this.#patiently(sink(this.output as AsyncIterable<never>, this.#context(tally)));
    } catch (error) {
      throw this.signal.aborted ? this.signal.reason : asStageError(tally.name, error, tally.last);
    } finally {
      tally.clock.answered(Date.now());
    }
  }

  /** Waits for work, but not much longer than the run goes on. */
  async #patiently(work: Promise<unknown>): Promise<void> {
    const { promise: impatience, reject } = Promise.withResolvers<never>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onAbort = (): void => {
      timer = setTimeout(() => reject(this.signal.reason), this.#plan.grace ?? 2_000);
    };
    if (this.signal.aborted) onAbort();
    else this.signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([work, impatience]);
    } finally {
      clearTimeout(timer);
      this.signal.removeEventListener("abort", onAbort);
    }
  }

  /** What has been done so far. */
  report(): PipelineReport {
    return {
      pipeline: this.#plan.name,
      rows: this.#tallies[this.#plan.stages.length].rowsOut,
      ms: (this.#end ?? performance.now()) - this.#start,
      stages: this.#tallies.map((tally) => tally.report()),
    };
  }

  /** Stops what still goes on, and waits for it a little. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#links.some((link) => !link.over)) {
      this.#stop.abort(new DOMException("The consumer left", "AbortError"));
    }
    this.signal.removeEventListener("abort", this.#onAbort);
    while (this.#closing.size > 0 && await this.#closed());
    this.#deadLetters?.[Symbol.dispose]();
    this.#end = performance.now();
  }

  async #closed(): Promise<boolean> {
    return await this.#patiently(Promise.all(this.#closing)).then(() => true, () => false);
  }
}
