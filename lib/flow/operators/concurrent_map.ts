/**
 * The engine of {@linkcode map}: a ring of lanes between one source and one consumer.
 *
 * No promise is made per row beyond the source's, the mapper's and the consumer's own: the
 * handlers of each lane are made once. Only one `next()` of the source is pending at a time.
 *
 * @module
 */

import type { StageContext } from "../stage.ts";
import { asStageError, reasonOf } from "../stage_error.ts";
import { closeIterator } from "./close.ts";
import { type Lanes, OrderedLanes, UnorderedLanes } from "./lanes.ts";
import { Output, type Step } from "./output.ts";

/** What a {@linkcode ConcurrentMap} works by; {@linkcode MapOptions} with its defaults filled in. */
export interface ConcurrentMapPlan<In, Out> {
  mapper: (row: In, context: StageContext, index: number) => Out | Promise<Out>;
  name: string;
  concurrency: number;
  buffer: number;
  ordered: boolean;
  dropErrors: boolean;
}

/** How the work in a lane came out; the last two are said of the whole. */
const DONE = 0, FAILED = 1, DROPPED = 2, WAITING = 3, ENDED = 4;

/** Maps rows concurrently; at most `concurrency + buffer` of them are pulled and not yet consumed. */
export class ConcurrentMap<In, Out> extends Output<Out> {
  readonly #plan: ConcurrentMapPlan<In, Out>;
  readonly #mapper: ConcurrentMapPlan<In, Out>["mapper"];
  readonly #input: AsyncIterator<In>;
  readonly #outer: StageContext;
  readonly #context: StageContext;
  readonly #stop = new AbortController();

  readonly #lanes: Lanes;
  readonly #rows: (In | undefined)[];
  readonly #results: unknown[];
  readonly #outcomes: number[];
  readonly #onDone: ((result: Out) => void)[];
  readonly #onFailed: ((reason: unknown) => void)[];

  #index = 0;
  #atWork = 0;
  #claimed = 0;
  #pulling = false;
  #inputOver = false;
  #over = false;
  /** The value or error that {@linkcode #poll} found. */
  #found: unknown;
  /** What the source or the signal failed with, until the consumer is told. */
  #failure: { reason: unknown } | undefined;
  #closing: Promise<void> | undefined;

  constructor(source: AsyncIterable<In>, context: StageContext, plan: ConcurrentMapPlan<In, Out>) {
    super();
    const size = plan.concurrency + plan.buffer;
    const lanes = Array.from({ length: size }, (_, lane) => lane);
    this.#plan = plan;
    this.#mapper = plan.mapper;
    this.#lanes = plan.ordered ? new OrderedLanes(size) : new UnorderedLanes(size);
    this.#rows = lanes.map(() => undefined);
    this.#results = lanes.map(() => undefined);
    this.#outcomes = lanes.map(() => DONE);
    this.#onDone = lanes.map((lane) => (result) => this.#settle(lane, DONE, result));
    this.#onFailed = lanes.map((lane) => (reason) => this.#fail(lane, reason));
    this.#outer = context;
    this.#context = {
      signal: AbortSignal.any([context.signal, this.#stop.signal]),
      seed: context.seed,
      log: context.log,
      meter: context.meter,
      stage: context.stage,
    };
    this.#input = source[Symbol.asyncIterator]();
    if (context.signal.aborted) this.#onAbort();
    else context.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  protected override advance(): Promise<Step<Out>> | undefined {
    const outcome = this.#poll();
    if (outcome !== DONE && outcome !== WAITING) return this.#finish(outcome);
    this.#pull();
    return outcome === DONE
      ? Promise.resolve({ done: false, value: this.#found as Out })
      : undefined;
  }

  /** Reads the next lane's outcome, its value in {@linkcode #found}. */
  #poll(): number {
    while (!this.#over) {
      const lane = this.#lanes.read();
      if (lane === -1) return this.#claimed === 0 && this.#inputOver ? ENDED : WAITING;
      this.#claimed--;
      this.#found = this.#results[lane];
      this.#results[lane] = undefined;
      if (this.#outcomes[lane] !== DROPPED) return this.#outcomes[lane];
    }
    return ENDED;
  }

  #pull(): void {
    if (
      this.#pulling || this.#inputOver || this.#atWork === this.#plan.concurrency ||
      this.#claimed === this.#rows.length
    ) return;
    this.#pulling = true;
    try {
      this.#input.next().then(this.#onRow, this.#onInputError);
    } catch (reason) {
      this.#onInputError(reason);
    }
  }

  readonly #onRow = (step: IteratorResult<In>): void => {
    this.#pulling = false;
    if (this.#inputOver) return;
    if (step.done) {
      this.#endInput();
      this.#answer();
    } else {
      this.#start(step.value);
      this.#pull();
    }
  };

  readonly #onInputError = (reason: unknown): void => {
    this.#pulling = false;
    if (this.#inputOver) return;
    this.#failure = { reason };
    this.#endInput();
    this.#answer();
  };

  #start(row: In): void {
    const lane = this.#lanes.claim();
    this.#claimed++;
    this.#atWork++;
    this.#rows[lane] = row;
    try {
      const result = this.#mapper(row, this.#context, this.#index++);
      // A result that is there already costs no promise.
      if (isPromise(result)) result.then(this.#onDone[lane], this.#onFailed[lane]);
      else this.#settle(lane, DONE, result);
    } catch (reason) {
      this.#fail(lane, reason);
    }
  }

  #fail(lane: number, reason: unknown): void {
    if (this.#over) return;
    if (this.#plan.dropErrors) {
      this.#outer.meter.drop(reasonOf(reason), this.#rows[lane]);
      return this.#settle(lane, DROPPED, undefined);
    }
    // What is pulled from here on would be worked on for nobody.
    this.#closeInput();
    const stage = this.#outer.stage ?? this.#plan.name;
    this.#settle(lane, FAILED, asStageError(stage, reason, this.#rows[lane]));
  }

  #settle(lane: number, outcome: number, result: unknown): void {
    if (this.#over) return;
    this.#atWork--;
    this.#rows[lane] = undefined;
    this.#results[lane] = result;
    this.#outcomes[lane] = outcome;
    this.#lanes.finish(lane);
    this.#answer();
  }

  /** Tells a waiting consumer what there is to tell, and works on. */
  #answer(): void {
    if (this.awaited) {
      const outcome = this.#poll();
      if (outcome === DONE) this.give({ done: false, value: this.#found as Out });
      else if (outcome !== WAITING) return this.give(this.#finish(outcome));
    }
    this.#pull();
  }

  async #finish(outcome: number): Promise<Step<Out>> {
    const reason = outcome === FAILED ? { reason: this.#found } : this.#failure;
    this.#failure = this.#found = undefined;
    this.#leave();
    await this.#closing?.catch(() => {});
    if (reason !== undefined) throw reason.reason;
    return { done: true, value: undefined };
  }

  protected override async close(): Promise<void> {
    this.#failure = undefined;
    this.#closeInput();
    this.#leave();
    await this.#closing;
  }

  readonly #onAbort = (): void => {
    this.#failure = { reason: this.#outer.signal.reason };
    this.#closeInput();
    this.#leave();
    // Closing goes on by itself: whoever aborts does not want to wait.
    this.#closing?.catch(() => {});
    this.#closing = undefined;
    if (this.awaited) this.give(this.#finish(ENDED));
  };

  #endInput(): void {
    this.#inputOver = true;
    this.#closing ??= Promise.resolve();
  }

  #closeInput(): void {
    this.#inputOver = true;
    if (this.#closing !== undefined) return;
    this.#closing = closeIterator(this.#input, this.#pulling);
    this.#closing.catch(() => {});
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#outer.signal.removeEventListener("abort", this.#onAbort);
    if (this.#atWork > 0) this.#stop.abort(new DOMException("The consumer left", "AbortError"));
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
