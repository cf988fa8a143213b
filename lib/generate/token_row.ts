/**
 * Clusters of prompts as a row of tokens, and the pieces in which it is computed.
 *
 * @module
 */

import type { RowMarks } from "../model/mod.ts";
import { type Cluster, clusterLength } from "./clusters.ts";

/** Tokens with the marks that say who sees whom. */
export interface TokenRow extends RowMarks {
  /** `[tokens]` */
  readonly tokens: Int32Array;
}

/** A row of nothing yet. */
export function emptyRow(length: number): TokenRow {
  return {
    tokens: new Int32Array(length),
    document: new Int32Array(length),
    branch: new Int32Array(length),
    position: new Int32Array(length),
  };
}

/** A part of a row; nothing is copied. */
export function rowPart(row: TokenRow, from: number, to: number): TokenRow {
  return {
    tokens: row.tokens.subarray(from, to),
    document: row.document.subarray(from, to),
    branch: row.branch.subarray(from, to),
    position: row.position.subarray(from, to),
  };
}

/** A prompt's end in a row: where its answer goes on. */
export interface RowEnd {
  /** Which prompt. */
  prompt: number;
  /** Row index of the prompt's last token. */
  last: number;
  document: number;
  branch: number;
  /** Place of the answer's first token in its own sequence. */
  position: number;
}

/** Prompts ready to be computed. */
export interface PromptRow {
  row: TokenRow;
  /** One a prompt. */
  ends: RowEnd[];
}

/** Lays clusters side by side: each a document, its prompts the branches. */
export function promptRow(clusters: readonly Cluster[]): PromptRow {
  const row = emptyRow(clusters.reduce((sum, cluster) => sum + clusterLength(cluster), 0));
  const ends: RowEnd[] = [];
  let at = 0;
  const write = (ids: readonly number[], document: number, branch: number, position: number) => {
    row.tokens.set(ids, at);
    row.document.fill(document, at, at + ids.length);
    row.branch.fill(branch, at, at + ids.length);
    for (const _ of ids) row.position[at++] = position++;
    return { document, branch, position, last: at - 1 };
  };
  for (const [document, { trunk, branches }] of clusters.entries()) {
    write(trunk, document, 0, 0);
    for (const [index, { prompt, tokens }] of branches.entries()) {
      ends.push({ prompt, ...write(tokens, document, index + 1, trunk.length) });
    }
  }
  return { row, ends };
}

/** A part of a row that is computed at once. */
export interface RowPiece {
  from: number;
  to: number;
  /** The first token that any of the piece's tokens may see. */
  since: number;
}

/** Pieces do not get shorter than this: products of fewer rows take nearly as long. */
const SHORTEST = 32;

/** Tokens of a piece after others, so that there are at most so many pairs with what they may see. */
function pieceLength(before: number, longest: number, pairs: number): number {
  const most = (Math.sqrt(before * before + 4 * pairs) - before) / 2;
  return Math.min(longest, Math.max(SHORTEST, Math.floor(most)));
}

/**
 * Cuts a row of clusters into pieces of at most `longest` tokens: short clusters together, long
 * ones in nearly equal parts, so that no token pays for the keys of clusters that it cannot see.
 *
 * @param pairs Pieces get shorter where there is more before them, so that the pairs of a token and
 * one before it, which scores are computed of, stay below this.
 */
export function prefillPieces(
  clusters: readonly Cluster[],
  longest: number,
  pairs = Number.MAX_SAFE_INTEGER,
): RowPiece[] {
  const pieces: RowPiece[] = [];
  let since = 0;
  let end = 0;
  const flush = () => {
    for (let from = since; from < end;) {
      const parts = Math.ceil((end - from) / pieceLength(from - since, longest, pairs));
      const to = from + Math.ceil((end - from) / parts);
      pieces.push({ from, to, since });
      from = to;
    }
    since = end;
  };
  for (const cluster of clusters) {
    const length = clusterLength(cluster);
    if (end > since && end - since + length > longest) flush();
    end += length;
  }
  flush();
  return pieces;
}
