/**
 * Heads of blockwise attention: how many are computed at once, and where their numbers lie.
 *
 * @module
 */

import { product } from "../dims.ts";
import type { Graph, Value } from "../graph.ts";
import { lessOrEqual } from "../operators/compare.ts";
import { add } from "../operators/elementwise.ts";
import { reshape, slice, transpose } from "../operators/layout.ts";
import { branch } from "./branch.ts";
import { loop } from "./loop.ts";

/** Query heads that are computed at once, where key heads can be parted: more leave the cache. */
const MOST_HEADS = 4;

/** Key-value heads that are computed at once, and their query heads. */
export class HeadSet {
  /** Key-value heads. */
  readonly count: number;
  /** Query heads of a key-value head. */
  readonly group: number;

  /** So many key-value heads with so many query heads each. */
  constructor(count: number, group: number) {
    this.count = count;
    this.group = group;
  }

  /** A value with a number or more a query head as a matrix a key-value head. */
  queries(g: Graph, x: Value): Value {
    const { count, group } = this;
    const [tokens, width] = x.shape;
    const each = Number(width) / (count * group);
    const heads = transpose(g, reshape(g, x, [tokens, count, group, each]), [1, 0, 2, 3]);
    return reshape(g, heads, [count, product([tokens, group]), each]);
  }

  /** Keys or values, `[tokens, count * size]`, as `[count, tokens, size]`. */
  keys(g: Graph, x: Value): Value {
    const [tokens, width] = x.shape;
    const { count } = this;
    return transpose(g, reshape(g, x, [tokens, count, Number(width) / count]), [1, 0, 2]);
  }

  /** The inverse of {@linkcode queries}. */
  queriesSideBySide(g: Graph, x: Value, tokens: string): Value {
    const { count, group } = this;
    const each = Number(x.shape[2]);
    const heads = transpose(g, reshape(g, x, [count, tokens, group, each]), [1, 0, 2, 3]);
    return reshape(g, heads, [tokens, count * group * each]);
  }

  /** The inverse of {@linkcode keys}. */
  keysSideBySide(g: Graph, x: Value): Value {
    const [count, tokens, size] = x.shape;
    return reshape(g, transpose(g, x, [1, 0, 2]), [tokens, Number(count) * Number(size)]);
  }
}

/**
 * Key-value heads that are computed at once over many keys, with so many query heads each.
 *
 * An even number of them or one: the runtime gives each of several products to one thread, and splits
 * a single one between them, so that of three two would wait for the third.
 */
export function headsAtOnce(keyValueHeads: number, group: number): number {
  let most = 1;
  for (let count = 2; count * group <= MOST_HEADS; count += 2) {
    if (keyValueHeads % count === 0) most = count;
  }
  return most;
}

/** Keys up to which all heads are computed at once: so few scores take less than their preparations. */
export const FEW_KEYS = 1024;

/** Computes heads over values `[tokens, width]` whose columns lie head by head. */
type OverHeads = (g: Graph, set: HeadSet, values: Value[]) => Value[];

/** Repeats a body for sets of heads and puts its results side by side. */
function oneAfterAnother(
  g: Graph,
  turns: number,
  set: HeadSet,
  values: readonly Value[],
  body: OverHeads,
): Value[] {
  const count = g.constant(BigInt64Array.of(BigInt(turns)), []);
  const { stacked } = loop(g, count, turns, [], (inner, index) => {
    const from = reshape(inner, index, [1]);
    const to = add(inner, from, inner.ints([1]));
    const parts = values.map((x) => {
      const [tokens, width] = x.shape;
      const each = Number(width) / turns;
      const part = slice(inner, reshape(inner, x, [tokens, turns, each]), 1, from, to, 1);
      return reshape(inner, part, [tokens, each]);
    });
    return { carried: [], stacked: body(inner, set, parts) };
  });
  return stacked.map((x) => {
    const [, tokens, width] = x.shape;
    return reshape(g, transpose(g, x, [1, 0, 2]), [tokens, turns * Number(width)]);
  });
}

/**
 * Computes heads over values `[tokens, width]`, side by side: all at once where no query sees many
 * keys, else few at a time.
 *
 * @param mostKeys int64 `[1]`: most keys that a block sees.
 */
export function overHeads(
  g: Graph,
  { heads, keyValueHeads }: { heads: number; keyValueHeads: number },
  mostKeys: Value,
  values: readonly Value[],
  body: OverHeads,
): Value[] {
  const group = heads / keyValueHeads;
  const atOnce = headsAtOnce(keyValueHeads, group);
  const all = new HeadSet(keyValueHeads, group);
  if (atOnce === keyValueHeads) return body(g, all, [...values]);
  const set = new HeadSet(atOnce, group);
  return branch(
    g,
    lessOrEqual(g, mostKeys, g.ints([FEW_KEYS])),
    (inner) => body(inner, all, [...values]),
    (inner) => oneAfterAnother(inner, keyValueHeads / atOnce, set, values, body),
  );
}
