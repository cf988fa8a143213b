/**
 * A bounded queue between one writer and one reader.
 *
 * @module
 */

import { Output, type Step } from "./output.ts";

/** What the writer waits on while the queue is full. */
type Room = PromiseWithResolvers<boolean>;

/** Rows that one side writes and the other iterates over; the writer waits while it is full. */
export class Channel<Row> extends Output<Row> {
  readonly #size: number;
  readonly #rows: Row[] = [];
  #room: Room | undefined;
  #left = false;
  #ended = false;
  #failure: { reason: unknown } | undefined;

  constructor(size: number) {
    super();
    this.#size = size;
  }

  /** Writes a row once there is room for it; false, if the reader has left. */
  async write(row: Row): Promise<boolean> {
    if (this.#left) return false;
    if (this.awaited) this.give({ done: false, value: row });
    else this.#rows.push(row);
    if (this.#rows.length < this.#size) return true;
    this.#room = Promise.withResolvers();
    return await this.#room.promise;
  }

  /** Ends the iteration after the rows that are in the queue, or with an error at once. */
  end(failure?: { reason: unknown }): void {
    this.#ended = true;
    this.#failure = failure;
    if (failure !== undefined) this.#rows.length = 0;
    if (this.awaited) this.give(this.#finish());
  }

  #finish(): Step<Row> | Promise<Step<Row>> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure ? Promise.reject(failure.reason) : { done: true, value: undefined };
  }

  protected override advance(): Promise<Step<Row>> | undefined {
    if (this.#rows.length > 0) {
      const value = this.#rows.shift()!;
      this.#release(true);
      return Promise.resolve({ done: false, value });
    }
    return this.#ended || this.#left ? Promise.resolve(this.#finish()) : undefined;
  }

  protected override close(): Promise<void> {
    this.#left = true;
    this.#rows.length = 0;
    this.#release(false);
    return Promise.resolve();
  }

  #release(room: boolean): void {
    this.#room?.resolve(room);
    this.#room = undefined;
  }
}
