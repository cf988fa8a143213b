/**
 * Answers that go round in circles.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";

/** Tokens that a loop has at least: rules of dashes and three dots are none. */
const FEWEST = 24;

/** Whether the last `length` tokens are the same again every `period` tokens. */
function isPeriodic(tokenIds: readonly number[], period: number, length: number): boolean {
  if (length > tokenIds.length) return false;
  for (let at = tokenIds.length - 1; at >= tokenIds.length - length + period; at--) {
    if (tokenIds[at] !== tokenIds[at - period]) return false;
  }
  return true;
}

/**
 * Refuses rounds that are no loop.
 *
 * @throws {UserError} If they are neither 0 nor a whole number from 2.
 */
export function checkLoopRounds(rounds = 0): void {
  if (rounds === 0 || (Number.isSafeInteger(rounds) && rounds >= 2)) return;
  throw new UserError(`loopRounds must be 0, or a whole number from 2, not ${rounds}`);
}

/**
 * Whether the last tokens are one passage so many times in a row, 24 tokens or more in all.
 *
 * @param rounds At least 2; 0 finds no loops.
 */
export function endsInLoop(tokenIds: readonly number[], rounds: number): boolean {
  if (rounds === 0) return false;
  for (let period = 1; period * rounds <= tokenIds.length; period++) {
    if (isPeriodic(tokenIds, period, Math.max(FEWEST, period * rounds))) return true;
  }
  return false;
}
