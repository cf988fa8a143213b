/**
 * How a row is cut up for attention: groups of tokens that see nothing outside, blocks of queries
 * within them, and for each block the keys that all its queries see and those that need a mask.
 *
 * @module
 */

import type { RowMarks } from "./row.ts";

/** A half-open range. */
export interface TokenRange {
  /** The first. */
  readonly from: number;
  /** One past the last. */
  readonly to: number;
}

/** Queries that are computed at once, and the keys that they see. */
export interface AttentionBlock {
  /** The queries. */
  readonly queries: TokenRange;
  /** Keys that every query of the block sees. */
  readonly past: TokenRange;
  /** Keys of which each query sees some; the mask says which. */
  readonly own: TokenRange;
}

/** Tokens that see only each other: a document, or several short ones. */
export interface AttentionGroup {
  /** The tokens. */
  readonly tokens: TokenRange;
  /** They cover the tokens in their order. */
  readonly blocks: readonly AttentionBlock[];
}

/**
 * Whether a token of a row sees another: same document, not later, trunk or own branch, and within
 * the window.
 *
 * @param window How many positions a token sees, its own included.
 */
export function sees(
  { document, branch, position }: RowMarks,
  query: number,
  key: number,
  window = Infinity,
): boolean {
  const known = branch[key] === 0 || branch[key] === branch[query];
  const near = window === Infinity || position[query] - position[key] < window;
  return document[key] === document[query] && key <= query && known && near;
}

/** Runs of tokens with the same mark. */
function runs(marks: Int32Array, { from, to }: TokenRange): TokenRange[] {
  const found: TokenRange[] = [];
  let start = from;
  for (let at = from + 1; at <= to; at++) {
    if (at < to && marks[at] === marks[start]) continue;
    found.push({ from: start, to: at });
    start = at;
  }
  return found;
}

/** A range in nearly equal parts, none longer than `longest`. */
function parts({ from, to }: TokenRange, longest: number): TokenRange[] {
  const count = Math.ceil((to - from) / longest);
  const border = (part: number) => from + Math.round(part * (to - from) / count);
  return Array.from({ length: count }, (_, part) => ({ from: border(part), to: border(part + 1) }));
}

/** Neighbours put together for as long as they are not longer than `longest`. */
function together(ranges: readonly TokenRange[], longest: number): TokenRange[] {
  const result: TokenRange[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last && range.to - last.from <= longest) result.splice(-1, 1, { ...last, to: range.to });
    else result.push(range);
  }
  return result;
}

/** Blocks of one document: its beginning by order alone, then its branches beside each other. */
function documentBlocks(marks: RowMarks, tokens: TokenRange, longest: number): AttentionBlock[] {
  const sequences = runs(marks.branch, tokens);
  const hasTrunk = marks.branch[tokens.from] === 0;
  const trunk = hasTrunk ? sequences[0] : { from: tokens.from, to: tokens.from };
  // The first branch goes on where the trunk ends, so that it sees all that is before it.
  const line = { from: tokens.from, to: (sequences[hasTrunk ? 1 : 0] ?? trunk).to };
  const branches = together(sequences.filter(({ from }) => from >= line.to), longest);
  return [
    ...parts(line, longest).map((queries) => ({
      queries,
      past: { from: tokens.from, to: queries.from },
      own: queries,
    })),
    ...branches.flatMap((beside) =>
      parts(beside, longest).map((queries) => ({
        queries,
        past: trunk,
        own: { from: beside.from, to: queries.to },
      }))
    ),
  ];
}

/**
 * A block whose queries do not all see what is before their own keys: what any of them may see of it
 * becomes a matter of the mask.
 */
function narrowed(
  { position }: RowMarks,
  block: AttentionBlock,
  window: number,
): AttentionBlock {
  const { queries, past, own } = block;
  let [first, last] = [Infinity, 0];
  for (let query = queries.from; query < queries.to; query++) {
    first = Math.min(first, position[query]);
    last = Math.max(last, position[query]);
  }
  let from = past.from;
  while (from < past.to && first - position[from] >= window) from++;
  if (from === past.to) return { ...block, past: { from, to: from } };
  if (last - position[from] < window) return { ...block, past: { from, to: past.to } };
  return { queries, past: { from, to: from }, own: { from, to: own.to } };
}

/**
 * Cuts a row into groups and blocks; no block is longer than `longest`.
 *
 * @param window How many positions a token sees, its own included.
 * @throws {RangeError} If the row is empty.
 */
export function attentionGroups(
  marks: RowMarks,
  longest: number,
  window = Infinity,
): AttentionGroup[] {
  const row = { from: 0, to: marks.document.length };
  if (row.to === 0) throw new RangeError("Cannot cut a row without tokens into blocks");
  return together(runs(marks.document, row), longest).map((tokens) => {
    const { from, to } = tokens;
    const short = { queries: tokens, past: { from, to: from }, own: tokens };
    const blocks = to - from <= longest ? [short] : documentBlocks(marks, tokens, longest);
    const isWide = window === Infinity;
    return { tokens, blocks: isWide ? blocks : blocks.map((b) => narrowed(marks, b, window)) };
  });
}

/** A plan as numbers, for graphs to read. */
export interface AttentionPlan {
  /** `[groups, 4]`: first and one past the last block, first and one past the last token. */
  readonly groups: number[];
  /** `[blocks, 8]`: borders of queries in the row, of past and own in the group, of the mask. */
  readonly blocks: number[];
  /** Masks `[queries, own keys]` one after another: 0 where a key is seen, else very low. */
  readonly masks: Float32Array<ArrayBuffer>;
  /** Most queries of a block, most blocks of a group, most tokens of a group. */
  readonly longest: [number, number, number];
  /** `[tokens]`: place among the blocks' queries if groups and blocks had their full length. */
  readonly queryPlaces: Int32Array;
  /** `[tokens]`: place among the groups' tokens if groups had their full length. */
  readonly keyPlaces: Int32Array;
}

/** Added to scores that nobody may see; finite, so that sums with it stay numbers. */
const HIDDEN_SCORE = -1e30;

/** Masks of blocks; those that are alike are there once. */
class Masks {
  readonly #marks: RowMarks;
  readonly #window: number;
  readonly #parts: Float32Array<ArrayBuffer>[] = [];
  #length = 0;
  /** Where the mask of so many queries and keys begins that see by order and window alone. */
  readonly #byOrder = new Map<string, number>();

  constructor(marks: RowMarks, window: number) {
    this.#marks = marks;
    this.#window = window;
  }

  /** Where a block's mask is. */
  of({ queries, own }: AttentionBlock): TokenRange {
    const count = queries.to - queries.from;
    const kind = `${count} of ${own.to - own.from}`;
    const byOrder = own.to === queries.to && this.#isLine(own);
    const from = (byOrder ? this.#byOrder.get(kind) : undefined) ?? this.#length;
    if (from === this.#length) this.#add(queries, own);
    if (byOrder) this.#byOrder.set(kind, from);
    return { from, to: from + count * (own.to - own.from) };
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
      for (let key = own.from; key <= query; key++) {
        if (sees(this.#marks, query, key, this.#window)) mask[start + key] = 0;
      }
    }
    this.#parts.push(mask);
    this.#length += mask.length;
  }
}

/**
 * Plans the attention of a row.
 *
 * @param longest Queries a block, at most: few enough that a block's scores stay near the processor,
 * and enough that products of matrices are worth their preparations.
 * @throws {RangeError} If the row is empty.
 */
export function attentionPlan(
  marks: RowMarks,
  longest = 128,
  window = Infinity,
): AttentionPlan {
  const cut = attentionGroups(marks, longest, window);
  const masks = new Masks(marks, window);
  const groups: number[] = [];
  const blocks: number[] = [];
  for (const { tokens, blocks: own } of cut) {
    const first = blocks.length / 8;
    groups.push(first, first + own.length, tokens.from, tokens.to);
    for (const block of own) {
      const inGroup = ({ from, to }: TokenRange) => ({
        from: from - tokens.from,
        to: to - tokens.from,
      });
      const ranges = [block.queries, inGroup(block.past), inGroup(block.own), masks.of(block)];
      blocks.push(...ranges.flatMap(({ from, to }) => [from, to]));
    }
  }
  const size = ({ from, to }: TokenRange) => to - from;
  const most = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b));
  const queries = most(cut.flatMap(({ blocks }) => blocks.map((block) => size(block.queries))));
  const count = most(cut.map(({ blocks }) => blocks.length));
  const keys = most(cut.map(({ tokens }) => size(tokens)));

  const queryPlaces = new Int32Array(marks.document.length);
  const keyPlaces = new Int32Array(marks.document.length);
  cut.forEach(({ tokens, blocks }, group) => {
    for (let at = tokens.from; at < tokens.to; at++) {
      keyPlaces[at] = group * keys + at - tokens.from;
    }
    blocks.forEach(({ queries: { from, to } }, block) => {
      const start = (group * count + block) * queries;
      for (let at = from; at < to; at++) queryPlaces[at] = start + at - from;
    });
  });
  const longestOf: [number, number, number] = [queries, count, keys];
  return { groups, blocks, masks: masks.joined(), longest: longestOf, queryPlaces, keyPlaces };
}
