/**
 * How a row is cut up for attention: groups of tokens that see nothing outside, blocks of queries
 * within them, and for each block the keys that all of its queries see and those that need a mask.
 *
 * @module
 */

import type { RowMarks } from "./row.ts";

/** A half-open range of tokens. */
interface Range {
  from: number;
  to: number;
}

/** Queries that are computed at once, and the keys that they see. */
export interface AttentionBlock {
  /** The queries. */
  queries: Range;
  /** Keys that every query of the block sees. */
  past: Range;
  /** Keys after those that some query sees; which, the mask says. */
  own: Range;
}

/** Tokens that see only each other: a document, or several short ones. */
export interface AttentionGroup {
  /** The tokens. */
  tokens: Range;
  /** Blocks that cover the tokens, in their order. */
  blocks: AttentionBlock[];
}

const length = ({ from, to }: Range): number => to - from;

/** Runs of tokens for which `same` holds from one to the next, within a range. */
function* runs({ from, to }: Range, same: (before: number, at: number) => boolean) {
  let start = from;
  for (let at = from + 1; at <= to; at++) {
    if (at < to && same(at - 1, at)) continue;
    yield { from: start, to: at };
    start = at;
  }
}

/** A range in nearly equal parts, none longer than `longest`. */
function parts({ from, to }: Range, longest: number): Range[] {
  const count = Math.ceil((to - from) / longest);
  const border = (part: number) => from + Math.round(part * (to - from) / count);
  return Array.from({ length: count }, (_, part) => ({ from: border(part), to: border(part + 1) }));
}

/** Runs joined one to the next while they are together no longer than `longest`. */
function joined(pieces: Iterable<Range>, longest: number): Range[] {
  const together: Range[] = [];
  for (const piece of pieces) {
    const last = together.at(-1);
    if (last && piece.to - last.from <= longest) last.to = piece.to;
    else together.push({ ...piece });
  }
  return together;
}

/** Blocks of one document that is longer than a block. */
function documentBlocks(marks: RowMarks, document: Range, longest: number): AttentionBlock[] {
  const { branch } = marks;
  const sequences = [...runs(document, (before, at) => branch[before] === branch[at])];
  const trunkEnd = branch[document.from] === 0 ? sequences[0].to : document.from;
  // The first branch goes on where the trunk ends: up to its end all is seen that is before.
  const lineEnd = (trunkEnd > document.from ? sequences[1] : sequences[0])?.to ?? trunkEnd;
  const line = trunkEnd > document.from || sequences.length === 1
    ? { from: document.from, to: sequences.length <= 2 ? lineEnd : trunkEnd }
    : { from: document.from, to: document.from };
  const trunk = { from: document.from, to: trunkEnd };
  const straight = parts(line, longest).map((queries) => ({
    queries,
    past: { from: document.from, to: queries.from },
    own: queries,
  }));
  const branches = joined(sequences.filter(({ from }) => from >= line.to), longest);
  return [
    ...straight,
    ...branches.flatMap((branches) =>
      parts(branches, longest).map((queries) => ({
        queries,
        past: trunk,
        own: { from: branches.from, to: queries.to },
      }))
    ),
  ];
}
