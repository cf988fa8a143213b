/**
 * The engine of {@linkcode merge}: one pending `next()` per source, rows in the order they come.
 *
 * @module
 */

import { closeIterator } from "./close.ts";
import { Output, type Step } from "./output.ts";

/** One source on its way through a {@linkcode Merged}. */
interface Feed<Row> {
  readonly iterator: AsyncIterator<Row>;
  pulling: boolean;
}

/** Rows of several sources, as they come. */
export class Merged<Row> extends Output<Row> {
  readonly #signal: AbortSignal;
  readonly #feeds: Set<Feed<Row>>;
  /** Feeds whose row nobody has taken yet: at most one row of each. */
  #ready: { feed: Feed<Row>; row: Row }[] = [];
  #started = false;
  #failure: { reason: unknown } | undefined;

  constructor(sources: readonly AsyncIterable<Row>[], signal: AbortSignal) {
    super();
    this.#signal = signal;
    this.#feeds = new Set(sources.map((source) => ({
      iterator: source[Symbol.asyncIterator](),
      pulling: false,
    })));
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  protected override advance(): Promise<Step<Row>> | undefined {
    if (!this.#started) {
      this.#started = true;
      for (const feed of this.#feeds) this.#pull(feed);
    }
    const step = this.#poll();
    return step && Promise.resolve(step);
  }

  #poll(): Step<Row> | Promise<Step<Row>> | undefined {
    const next = this.#ready.shift();
    if (next !== undefined) {
      this.#pull(next.feed);
      return { done: false, value: next.row };
    }
    if (this.#feeds.size > 0) return undefined;
    this.#signal.removeEventListener("abort", this.#onAbort);
    const failure = this.#failure;
    this.#failure = undefined;
    return failure ? Promise.reject(failure.reason) : { done: true, value: undefined };
  }

  #answer(): void {
    if (!this.awaited) return;
    const step = this.#poll();
    if (step !== undefined) this.give(step);
  }

  #pull(feed: Feed<Row>): void {
    if (!this.#feeds.has(feed)) return;
    feed.pulling = true;
    feed.iterator.next().then(
      (step) => this.#onRow(feed, step),
      (reason) => this.#onError(feed, reason),
    );
  }

  #onRow(feed: Feed<Row>, step: IteratorResult<Row>): void {
    feed.pulling = false;
    if (!this.#feeds.has(feed)) return;
    if (step.done) this.#feeds.delete(feed);
    else this.#ready.push({ feed, row: step.value });
    this.#answer();
  }

  #onError(feed: Feed<Row>, reason: unknown): void {
    feed.pulling = false;
    if (!this.#feeds.delete(feed)) return;
    this.#failure = { reason };
    this.#closeFeeds().catch(() => {}).finally(() => this.#answer());
  }

  readonly #onAbort = (): void => {
    this.#failure = { reason: this.#signal.reason };
    this.#ready = [];
    this.#closeFeeds().catch(() => {});
    this.#answer();
  };

  protected override async close(): Promise<void> {
    this.#ready = [];
    await this.#closeFeeds();
  }

  async #closeFeeds(): Promise<void> {
    const feeds = [...this.#feeds];
    this.#feeds.clear();
    this.#signal.removeEventListener("abort", this.#onAbort);
    await Promise.all(feeds.map((feed) => closeIterator(feed.iterator, feed.pulling)));
  }
}
