import type { TurnFilter } from "./turn_filter.ts";
import { collapseSpace } from "../words.ts";

/** Two answers that differ in white space at most: there is nothing to prefer. */
export const identical: TurnFilter = ({ chosen, rejected }) =>
  collapseSpace(chosen) === collapseSpace(rejected);
