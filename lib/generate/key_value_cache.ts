/**
 * Keys and values of tokens that were computed.
 *
 * @module
 */

import type { LayerKind, ModelConfig } from "../model/mod.ts";
import { floats, type HostTensor } from "../runtime/mod.ts";
import type { TokenRow } from "./token_row.ts";

/** What is known of every token. */
type Mark = "document" | "branch" | "order" | "position";

/**
 * What later tokens need of a growing row: every layer's keys and values, and every token's marks.
 *
 * Rows stand one after another in arrays of the full capacity, so that what is there so far is
 * handed to a session as a view, and growing copies new rows only.
 */
export class KeyValueCache {
  /** Numbers of a key, all heads. */
  readonly #width: number;
  readonly #heads: readonly [number, number];
  readonly #layers: { keys: Float32Array<ArrayBuffer>; values: Float32Array<ArrayBuffer> }[];
  readonly #marks: Record<Mark, Float32Array<ArrayBuffer>>;
  #length = 0;

  /** Makes room for `capacity` tokens; the system gives memory as it fills. */
  constructor(config: ModelConfig, capacity: number) {
    this.#heads = [config.keyValueHeadCount, config.headSize];
    this.#width = config.keyValueHeadCount * config.headSize;
    const room = () => new Float32Array(capacity * this.#width);
    this.#layers = Array.from(
      { length: config.layerCount },
      () => ({ keys: room(), values: room() }),
    );
    this.#marks = {
      document: new Float32Array(capacity),
      branch: new Float32Array(capacity),
      order: new Float32Array(capacity),
      position: new Float32Array(capacity),
    };
  }

  /** Tokens so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds tokens by their marks; every layer's keys and values are to be put after that. */
  extend({ document, branch, position }: TokenRow): void {
    this.#marks.document.set(document, this.#length);
    this.#marks.branch.set(branch, this.#length);
    this.#marks.position.set(position, this.#length);
    for (const _ of document) this.#marks.order[this.#length] = this.#length++;
  }

  /**
   * Marks of the last `count` tokens as queries, and of all since `since` as keys, as layers of a
   * kind read them.
   */
  marks(count: number, since: number, { window }: LayerKind): Record<string, HostTensor> {
    const read: Mark[] = ["document", "branch", "order"];
    if (window !== undefined) read.push("position");
    const part = (mark: Mark, from: number) =>
      floats(this.#marks[mark].subarray(from, this.#length), [this.#length - from]);
    return Object.fromEntries(read.flatMap((mark) => [
      [`query_${mark}`, part(mark, this.#length - count)],
      [`key_${mark}`, part(mark, since)],
    ]));
  }

  /** A layer's keys and values of the tokens since `since`, but for the last `count`. */
  past(layer: number, count: number, since: number): Record<string, HostTensor> {
    const { keys, values } = this.#layers[layer];
    const end = this.#length - count;
    const part = (rows: Float32Array<ArrayBuffer>) =>
      floats(rows.subarray(since * this.#width, end * this.#width), [end - since, ...this.#heads]);
    return { past_keys: part(keys), past_values: part(values) };
  }

  /** Puts a layer's keys and values of the last `count` tokens, `[count, heads, head size]`. */
  put(layer: number, count: number, keys: Float32Array, values: Float32Array): void {
    const at = (this.#length - count) * this.#width;
    this.#layers[layer].keys.set(keys, at);
    this.#layers[layer].values.set(values, at);
  }
}
