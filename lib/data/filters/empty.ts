import type { TurnFilter } from "./turn_filter.ts";

/** An answer without a letter or digit. */
export const empty: TurnFilter = ({ chosen, rejected }) =>
  [chosen, rejected].some((answer) => !/[\p{L}\p{N}]/u.test(answer));
