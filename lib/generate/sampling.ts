/**
 * Choosing a token from a model's logits: pure functions.
 *
 * @module
 */

import { type Random, UserError } from "../flow/mod.ts";
import type { SamplingOptions } from "./types.ts";

/** What of the sampling options decides which token is taken. */
export type TokenRules = Pick<SamplingOptions, "temperature" | "topP" | "topK">;

/** A token that was taken. */
export interface DrawnToken {
  /** Its id. */
  id: number;
  /** Its natural log-probability under the model's own distribution. */
  logProb: number;
}

/** Tokens that may be drawn, and how likely each is. */
export interface TokenDistribution {
  /** Token ids. */
  ids: ArrayLike<number>;
  /** Of each id; they sum to 1. */
  probabilities: Float64Array;
}

/**
 * Refuses rules that mean nothing.
 *
 * @throws {UserError} If a number is outside its range; the message names it.
 */
export function checkRules({ temperature = 0, topP = 1, topK = 0 }: TokenRules): void {
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new UserError(`The temperature must be 0 or more, not ${temperature}`);
  }
  if (!(topP > 0 && topP <= 1)) {
    throw new UserError(`topP must be above 0 and at most 1, not ${topP}`);
  }
  if (!(Number.isSafeInteger(topK) && topK >= 0)) {
    throw new UserError(`topK must be a whole number, 0 for all tokens, not ${topK}`);
  }
}

/** The id of the largest logit; the lowest id where several are largest. */
export function likeliestToken(logits: ArrayLike<number>): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  return best;
}

/** `log(sum(exp(logits)))`, without overflow. */
export function logNormaliser(logits: ArrayLike<number>): number {
  const largest = logits[likeliestToken(logits)];
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += Math.exp(logits[id] - largest);
  return largest + Math.log(sum);
}

/** Ids of the `count` largest logits, the lower id first among equals; in the order of ids. */
function largestIds(logits: Float32Array, count: number): number[] {
  const threshold = logits.toSorted()[logits.length - count];
  const ids: number[] = [];
  let atThreshold = count;
  for (const logit of logits) if (logit > threshold) atThreshold--;
  for (let id = 0; id < logits.length; id++) {
    if (logits[id] > threshold || (logits[id] === threshold && atThreshold-- > 0)) ids.push(id);
  }
  return ids;
}

/** The fewest tokens, likeliest first, whose weights reach `share` of the whole. */
function nucleus(
  ids: ArrayLike<number>,
  weights: Float64Array,
  total: number,
  share: number,
): { ids: number[]; weights: Float64Array<ArrayBuffer> } {
  // All tokens below the cutoff together weigh less than what may be left out: no need to sort them.
  const cutoff = total * (1 - share) / Math.max(1, weights.length - 1);
  const order: number[] = [];
  for (let at = 0; at < weights.length; at++) if (weights[at] >= cutoff) order.push(at);
  order.sort((a, b) => weights[b] - weights[a] || ids[a] - ids[b]);
  let count = 0;
  for (let sum = 0; count < order.length && sum < share * total; count++) {
    sum += weights[order[count]];
  }
  const kept = order.slice(0, Math.max(1, count));
  return { ids: kept.map((at) => ids[at]), weights: Float64Array.from(kept, (at) => weights[at]) };
}

/**
 * The tokens that rules leave and their probabilities: temperature first, then the `topK`
 * likeliest, then the likeliest of those whose share reaches `topP`.
 *
 * @param logits float32 `[vocabulary]`
 */
export function tokenDistribution(logits: Float32Array, rules: TokenRules): TokenDistribution {
  const { temperature = 0, topP = 1, topK = 0 } = rules;
  const likeliest = likeliestToken(logits);
  if (temperature === 0) return { ids: [likeliest], probabilities: Float64Array.of(1) };
  const largest = logits[likeliest];
  const isCut = topK > 0 && topK < logits.length;
  let ids: ArrayLike<number> = isCut
    ? largestIds(logits, topK)
    : Uint32Array.from(logits, (_, id) => id);
  let weights = Float64Array.from(ids, (id) => Math.exp((logits[id] - largest) / temperature));
  if (topP < 1) ({ ids, weights } = nucleus(ids, weights, sumOf(weights), topP));
  const total = sumOf(weights);
  return { ids, probabilities: weights.map((weight) => weight / total) };
}

function sumOf(numbers: Float64Array): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}

/**
 * Takes a token by rules.
 *
 * @param logits float32 `[vocabulary]`
 * @param normaliser Log of the sum of e^logit, where it is known already.
 * @throws {UserError} If the logits are no numbers.
 *
 * @example The log-prob is the model's own, whatever the rules leave
 * ```ts
 * import { Random } from "@longpo/longpo/flow";
 * import { drawToken } from "@longpo/longpo/generate";
 *
 * const logits = Float32Array.of(Math.log(1), Math.log(3));
 * const { id, logProb } = drawToken(logits, { temperature: 1, topK: 1 }, new Random(7));
 * console.log(id, Math.exp(logProb).toFixed(2)); // 1 0.75
 * ```
 */
export function drawToken(
  logits: Float32Array,
  rules: TokenRules,
  random: Random,
  normaliser: number = logNormaliser(logits),
): DrawnToken {
  if (!Number.isFinite(normaliser)) {
    throw new UserError("The model's logits are not finite numbers", {
      hint:
        "Its weights hold NaN or infinity: go back to a checkpoint from before training diverged",
    });
  }
  const { ids, probabilities } = tokenDistribution(logits, rules);
  let at = 0;
  if (ids.length > 1) {
    let left = random.next() - probabilities[0];
    while (left >= 0 && at < ids.length - 1) left -= probabilities[++at];
  }
  return { id: ids[at], logProb: logits[ids[at]] - normaliser };
}
