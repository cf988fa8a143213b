/**
 * The engine of {@linkcode group}: gathers rows until a limit or a timer ends the group.
 *
 * @module
 */

import type { StageContext } from "../stage.ts";
import { asStageError } from "../stage_error.ts";
import { closeIterator } from "./close.ts";
import type { GroupOptions } from "./group.ts";
import { Output, type Step } from "./output.ts";

/** Groups of rows; pulls only while the consumer waits. */
export class TimedGroups<Row> extends Output<Row[]> {
  readonly #plan: Required<GroupOptions<Row>>;
  readonly #context: StageContext;
  readonly #input: AsyncIterator<Row>;
  #ready: Row[][] = [];
  #group: Row[] = [];
  #weight = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pulling = false;
  #over = false;
  #failure: { reason: unknown } | undefined;

  constructor(
    source: AsyncIterable<Row>,
    context: StageContext,
    plan: Required<GroupOptions<Row>>,
  ) {
    super();
    this.#plan = plan;
    this.#context = context;
    this.#input = source[Symbol.asyncIterator]();
    if (context.signal.aborted) this.#onAbort();
    else context.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  protected override advance(): Promise<Step<Row[]>> | undefined {
    const step = this.#poll();
    if (step === undefined) this.#pull();
    return step && Promise.resolve(step);
  }

  #poll(): Step<Row[]> | Promise<Step<Row[]>> | undefined {
    const value = this.#ready.shift();
    if (value !== undefined) return { done: false, value };
    if (!this.#over) return undefined;
    const failure = this.#failure;
    this.#failure = undefined;
    return failure ? Promise.reject(failure.reason) : { done: true, value: undefined };
  }

  #answer(): void {
    if (!this.awaited) return;
    const step = this.#poll();
    if (step !== undefined) this.give(step);
    else this.#pull();
  }

  #pull(): void {
    if (this.#pulling || this.#over) return;
    this.#pulling = true;
    this.#input.next().then(this.#onRow, this.#onError);
  }

  readonly #onRow = (step: IteratorResult<Row>): void => {
    this.#pulling = false;
    if (this.#over) return;
    if (step.done) {
      this.#finishGroup();
      this.#leave();
    } else {
      this.#add(step.value);
    }
    this.#answer();
  };

  readonly #onError = (reason: unknown): void => {
    this.#pulling = false;
    if (this.#over) return;
    this.#failure = { reason };
    this.#leave();
    this.#answer();
  };

  #add(row: Row): void {
    let weight: number;
    try {
      weight = this.#plan.weight(row);
    } catch (reason) {
      this.#failure = { reason: asStageError(this.#context.stage ?? "group", reason, row) };
      this.#leave();
      closeIterator(this.#input, false).catch(() => {});
      return;
    }
    if (this.#group.length > 0 && this.#weight + weight > this.#plan.limit) this.#finishGroup();
    if (this.#group.length === 0 && this.#plan.ms !== Infinity) {
      this.#timer = setTimeout(this.#onTime, this.#plan.ms);
    }
    this.#group.push(row);
    this.#weight += weight;
    if (this.#group.length >= this.#plan.count || this.#weight >= this.#plan.limit) {
      this.#finishGroup();
    }
  }

  #finishGroup(): void {
    clearTimeout(this.#timer);
    if (this.#group.length > 0) this.#ready.push(this.#group);
    this.#group = [];
    this.#weight = 0;
  }

  readonly #onTime = (): void => {
    this.#finishGroup();
    this.#answer();
  };

  readonly #onAbort = (): void => {
    this.#failure = { reason: this.#context.signal.reason };
    this.#ready = [];
    this.#leave();
    closeIterator(this.#input, this.#pulling).catch(() => {});
    this.#answer();
  };

  protected override async close(): Promise<void> {
    if (this.#over) return;
    this.#ready = [];
    this.#leave();
    await closeIterator(this.#input, this.#pulling);
  }

  #leave(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#context.signal.removeEventListener("abort", this.#onAbort);
  }
}
