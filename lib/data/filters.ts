import { brief } from "./filters/brief.ts";
import { empty } from "./filters/empty.ts";
import { identical } from "./filters/identical.ts";
import { refusal } from "./filters/refusal.ts";
import { repetition } from "./filters/repetition.ts";
import { ungrounded } from "./filters/ungrounded.ts";
import type { AnsweredTurn } from "./record.ts";

export type { TurnFilter } from "./filters/turn_filter.ts";

/** All filters by name; the name is the reason that is counted. */
export const turnFilters = { empty, repetition, refusal, identical, brief, ungrounded } as const;

/** The name of a filter. */
export type TurnFilterName = keyof typeof turnFilters;

/** The filters of {@linkcode pair} unless told otherwise. */
export const DEFAULT_FILTERS: readonly TurnFilterName[] = [
  "empty",
  "repetition",
  "refusal",
  "identical",
];

/** The first of `names` whose filter wants the turn dropped; `undefined` where none does. */
export function reasonToDrop(
  turn: AnsweredTurn,
  names: readonly TurnFilterName[] = DEFAULT_FILTERS,
): TurnFilterName | undefined {
  return names.find((name) => turnFilters[name](turn));
}
