/**
 * How a row is cut into blocks of queries: for each the keys that all of its queries see, and those
 * that need a mask.
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
export function runs(marks: Int32Array, { from, to }: TokenRange): TokenRange[] {
  const found: TokenRange[] = [];
  let start = from;
  for (let at = from + 1; at <= to; at++) {
    if (at < to && marks[at] === marks[start]) continue;
    found.push({ from: start, to: at });
    start = at;
  }
  return found;
}

/** Numbers that a processor takes at once: rows of scores are best a multiple of it long. */
const GRAIN = 16;

/** Lengths of equal parts, none longer than `longest`, that a number can be cut into; the last may be shorter. */
export function partLength(total: number, longest: number): number {
  const equal = total / Math.max(1, Math.ceil(total / longest));
  return Math.min(longest, GRAIN * Math.ceil(equal / GRAIN));
}

/** A range in nearly equal parts, none longer than `longest`. */
export function parts({ from, to }: TokenRange, longest: number): TokenRange[] {
  const length = partLength(to - from, longest);
  const found: TokenRange[] = [];
  for (let at = from; at < to; at += length) {
    found.push({ from: at, to: Math.min(at + length, to) });
  }
  return found;
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
  if (from === past.to) {
    let near = own.from;
    while (first - position[near] >= window) near++;
    return { queries, past: { from, to: from }, own: { from: near, to: own.to } };
  }
  if (last - position[from] < window) return { ...block, past: { from, to: past.to } };
  return { queries, past: { from, to: from }, own: { from, to: own.to } };
}

/** What a row's queries are cut by. */
export interface BlockOptions {
  /** Most queries of a block. */
  longest: number;
  /** How many positions a token sees, its own included. */
  window: number;
}

/**
 * Cuts a row into blocks, in the order of their queries; short documents share one.
 *
 * @throws {RangeError} If the row is empty.
 */
export function attentionBlocks(
  marks: RowMarks,
  { longest, window }: BlockOptions,
): AttentionBlock[] {
  const row = { from: 0, to: marks.document.length };
  if (row.to === 0) throw new RangeError("Cannot cut a row without tokens into blocks");
  const blocks = together(runs(marks.document, row), longest).flatMap((tokens) => {
    const { from, to } = tokens;
    if (to - from <= longest) {
      return [{ queries: tokens, past: { from, to: from }, own: tokens }];
    }
    return documentBlocks(marks, tokens, longest);
  });
  return window === Infinity ? blocks : blocks.map((block) => narrowed(marks, block, window));
}
