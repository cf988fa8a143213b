/**
 * Who sees whom in a row of trunks and branches.
 *
 * @module
 */

import type { Graph, Value } from "./graph.ts";
import { and, equal, lessOrEqual, or, where } from "./operators/compare.ts";
import { sub } from "./operators/elementwise.ts";
import { unsqueeze } from "./operators/layout.ts";

/** Three numbers a token; float32, since not every device compares integers. */
export interface Marks {
  /** `[tokens]`: the document that a token belongs to. */
  document: Value;
  /** `[tokens]`: 0 for the trunk, else the branch. */
  branch: Value;
  /** `[tokens]`: the token's index in the row. */
  order: Value;
  /** `[tokens]`: the token's place in its own sequence; read where there is a window. */
  position?: Value;
}

/** Added to scores that nobody may see; finite, so that a row that sees nothing stays finite. */
const HIDDEN_SCORE = -1e30;

/**
 * float32 `[queries, 1, keys]`, to be added to scores: 0 where a query sees a key, else so low that
 * nothing is left of it. Adding costs less than choosing, score by score.
 */
export function visibilityBias(g: Graph, queries: Marks, keys: Marks, window?: number): Value {
  const bias = where(g, visible(g, queries, keys, window), g.scalar(0), g.scalar(HIDDEN_SCORE));
  return unsqueeze(g, bias, 1);
}

/**
 * bool `[queries, keys]`: same document, not later, trunk or own branch, and within the window.
 *
 * @param window How many positions a query sees, its own included; all where it is left out.
 */
export function visible(g: Graph, queries: Marks, keys: Marks, window?: number): Value {
  const mine = (x: Value) => unsqueeze(g, x, 1);
  const theirs = (x: Value) => unsqueeze(g, x, 0);
  const sameDocument = equal(g, theirs(keys.document), mine(queries.document));
  const notLater = lessOrEqual(g, theirs(keys.order), mine(queries.order));
  const trunk = equal(g, theirs(keys.branch), g.scalar(0));
  const ownBranch = equal(g, theirs(keys.branch), mine(queries.branch));
  const all = and(g, and(g, sameDocument, notLater), or(g, trunk, ownBranch));
  if (window === undefined) return all;
  const first = sub(g, queries.position!, g.scalar(window - 1));
  return and(g, all, lessOrEqual(g, mine(first), theirs(keys.position!)));
}
