/**
 * The consumer's side of an iterator written by hand.
 *
 * Async generators read better and are what most operators are. Those that work ahead of their
 * consumer cannot be generators: they have to listen to the source and to the consumer at once.
 *
 * @module
 */

/** What `next()` gives. */
export type Step<T> = IteratorResult<T, undefined>;

/** Keeps one consumer's turn: gives at once what is ready, or holds a promise until it is. */
export abstract class Output<T> implements AsyncIterableIterator<T, undefined> {
  #resolve: ((step: Step<T> | Promise<Step<T>>) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #turn: Promise<Step<T>> | undefined;
  #queued = 0;

  readonly #hold = (
    resolve: (step: Step<T> | Promise<Step<T>>) => void,
    reject: (reason: unknown) => void,
  ): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  /** What is ready now; undefined, if the consumer has to wait. */
  protected abstract advance(): Promise<Step<T>> | undefined;

  /** Stops the work and frees what it holds. */
  protected abstract close(): Promise<void>;

  /** True while a consumer waits for {@linkcode give} or {@linkcode fail}. */
  protected get awaited(): boolean {
    return this.#resolve !== undefined;
  }

  /** Settles the waiting consumer's turn with a row, with the end, or with what will be one. */
  protected give(step: Step<T> | Promise<Step<T>>): void {
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    resolve?.(step);
  }

  /** Settles the waiting consumer's turn with an error. */
  protected fail(reason: unknown): void {
    const reject = this.#reject;
    this.#resolve = this.#reject = undefined;
    reject?.(reason);
  }

  next(): Promise<Step<T>> {
    if (this.#resolve !== undefined || this.#queued > 0) return this.#queue();
    return this.advance() ?? (this.#turn = new Promise(this.#hold));
  }

  /** A consumer that asks again before it was answered waits for its turn. */
  #queue(): Promise<Step<T>> {
    this.#queued++;
    const ask = (): Promise<Step<T>> => {
      this.#queued--;
      return this.advance() ?? new Promise(this.#hold);
    };
    return this.#turn = this.#turn!.then(ask, ask);
  }

  async return(): Promise<Step<T>> {
    const closing = this.close();
    this.give({ done: true, value: undefined });
    await closing;
    return { done: true, value: undefined };
  }

  async throw(reason: unknown): Promise<Step<T>> {
    await this.return();
    throw reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
