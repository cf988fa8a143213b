import type { TurnFilter } from "./turn_filter.ts";
import { wordsOf } from "../words.ts";

/**
 * An answer with fewer than two words of three letters or more, as LongPO's released data scripts
 * drop them. Not among the defaults: a name or a number can be the right answer.
 */
export const brief: TurnFilter = ({ chosen, rejected }) =>
  [chosen, rejected].some((answer) =>
    wordsOf(answer).filter((word) => word.length >= 3).length < 2
  );
