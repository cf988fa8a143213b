import { type AttentionBlock, runs, sees, type TokenRange } from "./attention_blocks.ts";
import type { RowMarks } from "./row.ts";

/** Added to scores that nobody may see; finite, so that sums with it stay numbers. */
const HIDDEN_SCORE = -1e30;

/** Masks of queries and keys; those that are alike are there once. */
export class AttentionMasks {
  readonly #marks: RowMarks;
  readonly #window: number;
  readonly #parts: Float32Array<ArrayBuffer>[] = [];
  #length = 0;
  /** Where the mask of so many queries and keys begins that see by order and window alone. */
  readonly #byOrder = new Map<string, number>();

  /** No mask is there yet. */
  constructor(marks: RowMarks, window: number) {
    this.#marks = marks;
    this.#window = window;
  }

  /**
   * Where a mask is: 0 where a query sees a key, else very low. It is for the last of the own keys:
   * those before it all queries see, and a mask of these would grow with the square of a branch.
   */
  of({ queries, own: all }: Pick<AttentionBlock, "queries" | "own">): TokenRange {
    const own = { from: this.#firstHidden(queries, all), to: all.to };
    const [count, width] = [queries.to - queries.from, own.to - own.from];
    const kind = `${count} queries from ${queries.from - own.from} on of ${width} keys`;
    const byOrder = this.#isLine({ from: own.from, to: Math.max(own.to, queries.to) });
    const from = (byOrder ? this.#byOrder.get(kind) : undefined) ?? this.#length;
    if (from === this.#length) this.#add(queries, own);
    if (byOrder) this.#byOrder.set(kind, from);
    return { from, to: from + count * width };
  }

  /** All masks, one after another. */
  joined(): Float32Array<ArrayBuffer> {
    const all = new Float32Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** The first own key that not all queries see. */
  #firstHidden(queries: TokenRange, { from, to }: TokenRange): number {
    const { document, branch } = this.#marks;
    const isOne = [document, branch].every((marks) => runs(marks, queries).length === 1);
    if (!isOne) return from;
    const before = Math.min(to, queries.from);
    let key = from;
    // Of one branch's queries the last is the farthest away.
    while (key < before && sees(this.#marks, queries.to - 1, key, this.#window)) key++;
    return key;
  }

  /** Whether the last token sees all, but for the window. */
  #isLine({ from, to }: TokenRange): boolean {
    for (let key = from; key < to; key++) if (!sees(this.#marks, to - 1, key)) return false;
    return true;
  }

  #add(queries: TokenRange, own: TokenRange): void {
    const width = own.to - own.from;
    const mask = new Float32Array((queries.to - queries.from) * width).fill(HIDDEN_SCORE);
    for (let query = queries.from; query < queries.to; query++) {
      const start = (query - queries.from) * width - own.from;
      for (let key = own.from; key < Math.min(own.to, query + 1); key++) {
        if (sees(this.#marks, query, key, this.#window)) mask[start + key] = 0;
      }
    }
    this.#parts.push(mask);
    this.#length += mask.length;
  }
}
