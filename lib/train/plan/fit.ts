/**
 * What to change so that a step fits in a memory.
 *
 * @module
 */

import { type PlanOptions, planStep } from "../plan.ts";

/** A change that makes a step fit. */
export interface Change {
  /** Which number is changed. */
  what: "documentTokens" | "turns" | "answerTokens";
  /** The largest that fits. */
  to: number;
  /** What the step then takes, in bytes. */
  bytes: number;
}

/** What is left of each number at the least. */
const LEAST = { documentTokens: 64, turns: 1, answerTokens: 1 } as const;

/** The largest number from `least` up to below `most` that fits; none where not even the least does. */
function largest(
  least: number,
  most: number,
  fits: (value: number) => boolean,
): number | undefined {
  if (most <= least || !fits(least)) return undefined;
  let [low, high] = [least, most];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Changes of one number each, any of which is enough; none where the model alone is too large. */
export function changesToFit(options: PlanOptions, limit: number): Change[] {
  const changes: Change[] = [];
  for (const what of ["documentTokens", "turns", "answerTokens"] as const) {
    const bytes = (value: number) => planStep({ ...options, [what]: value }).bytes;
    const to = largest(LEAST[what], options[what], (value) => bytes(value) <= limit);
    if (to !== undefined) changes.push({ what, to, bytes: bytes(to) });
  }
  return changes;
}

/** What a step takes with documents of next to no length: what no change of them can save. */
export function leastBytes(options: PlanOptions): number {
  return planStep({ ...options, ...LEAST }).bytes;
}
