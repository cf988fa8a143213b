/**
 * What lies between two stages of a run.
 *
 * @module
 */

import { Output, type Step } from "../operators/output.ts";
import { asStageError } from "../stage_error.ts";
import type { Tally } from "./tally.ts";

/** What a {@linkcode Link} shares with the others of its run. */
export interface LinkRun {
  /** Aborted when the run is. */
  readonly signal: AbortSignal;
  /** Takes note of an iterator's closing, which the run waits for before it ends. */
  closing(work: Promise<unknown>): void;
}

/**
 * Passes rows from one stage to the next: counts them, takes the time, names the stage in errors,
 * and ends the wait when the run is aborted.
 */
export class Link<Row> extends Output<Row> {
  readonly #input: AsyncIterator<Row>;
  readonly #from: Tally;
  readonly #to: Tally | undefined;
  readonly #run: LinkRun;
  #over = false;

  constructor(rows: AsyncIterable<Row>, from: Tally, to: Tally | undefined, run: LinkRun) {
    super();
    this.#input = rows[Symbol.asyncIterator]();
    this.#from = from;
    this.#to = to;
    this.#run = run;
  }

  /** Whether all rows have passed, or there was an error. */
  get over(): boolean {
    return this.#over;
  }

  protected override advance(): Promise<Step<Row>> | undefined {
    const { signal } = this.#run;
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    // Half as dear as performance.now(), and its rounding evens out over many rows.
    const now = Date.now();
    this.#to?.clock.asks(now);
    this.#from.clock.asked(now);
    this.#input.next().then(this.#onStep, this.#onError);
    return undefined;
  }

  readonly #onStep = (step: IteratorResult<Row>): void => {
    this.#stopClocks();
    if (step.done) {
      this.#over = true;
      this.give({ done: true, value: undefined });
      return;
    }
    this.#from.rowsOut++;
    if (this.#to !== undefined) {
      this.#to.rowsIn++;
      this.#to.last = step.value;
    }
    this.give(step);
  };

  readonly #onError = (reason: unknown): void => {
    this.#stopClocks();
    this.#over = true;
    const { signal } = this.#run;
    this.fail(
      signal.aborted ? signal.reason : asStageError(this.#from.name, reason, this.#from.last),
    );
  };

  #stopClocks(): void {
    const now = Date.now();
    this.#from.clock.answered(now);
    this.#to?.clock.got(now);
  }

  /** Ends a pending wait with the signal's reason and closes the stage before. */
  abort(): void {
    this.#run.closing(this.close());
    this.fail(this.#run.signal.reason);
  }

  protected override async close(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const closing = Promise.resolve(this.#input.return?.());
    this.#run.closing(closing);
    await closing;
  }
}
