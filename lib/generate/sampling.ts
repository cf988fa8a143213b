/**
 * Choosing a token from a model's logits: pure functions.
 *
 * @module
 */

import { type Random, UserError } from "../flow/mod.ts";
import { nthLargest } from "./nth_largest.ts";
import { penalised } from "./repetition_penalty.ts";
import type { SamplingOptions } from "./types.ts";

/** What of the sampling options decides which token is taken. */
export type TokenRules = Pick<
  SamplingOptions,
  "temperature" | "topP" | "topK" | "repetitionPenalty"
>;

/** What is known already where a token is taken. */
export interface DrawOptions {
  /** Log of the sum of e^logit. @default {computed} */
  normaliser?: number;
  /** Tokens that `repetitionPenalty` is for. @default {none} */
  seen?: ReadonlySet<number>;
}

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
  ids: Uint32Array;
  /** Of each id; they sum to 1. */
  probabilities: Float64Array;
}

/**
 * Refuses rules that mean nothing.
 *
 * @throws {UserError} If a number is outside its range; the message names it.
 */
export function checkRules(rules: TokenRules): void {
  const { temperature = 0, topP = 1, topK = 0, repetitionPenalty = 1 } = rules;
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new UserError(`The temperature must be 0 or more, not ${temperature}`);
  }
  if (!(topP > 0 && topP <= 1)) {
    throw new UserError(`topP must be above 0 and at most 1, not ${topP}`);
  }
  if (!(Number.isSafeInteger(topK) && topK >= 0)) {
    throw new UserError(`topK must be a whole number, 0 for all tokens, not ${topK}`);
  }
  if (!(repetitionPenalty > 0 && repetitionPenalty < Infinity)) {
    throw new UserError(`The repetition penalty must be above 0, not ${repetitionPenalty}`);
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
function largestIds(logits: Float32Array, count: number): Uint32Array {
  const threshold = nthLargest(logits, count);
  const ids = new Uint32Array(count);
  let atThreshold = count;
  for (const logit of logits) if (logit > threshold) atThreshold--;
  for (let id = 0, at = 0; at < count; id++) {
    if (logits[id] > threshold || (logits[id] === threshold && atThreshold-- > 0)) ids[at++] = id;
  }
  return ids;
}

/** Places of the fewest weights that are sure to hold the largest whose sum reaches `enough`. */
function candidates(weights: Float64Array, enough: number): number[] {
  const places: number[] = [];
  // Weights lie between 0 and 1, the largest being 1.
  for (let cutoff = 1 / 16; cutoff > Number.MIN_VALUE; cutoff /= 16) {
    let sum = 0;
    for (const weight of weights) if (weight >= cutoff) sum += weight;
    if (sum < enough) continue;
    for (let at = 0; at < weights.length; at++) if (weights[at] >= cutoff) places.push(at);
    return places;
  }
  return Array.from(weights.keys());
}

/** The fewest tokens, likeliest first, whose weights reach `share` of the whole. */
function nucleus(
  ids: Uint32Array,
  weights: Float64Array,
  share: number,
): { ids: Uint32Array; weights: Float64Array<ArrayBuffer> } {
  const enough = share * sumOf(weights);
  const order = candidates(weights, enough);
  order.sort((a, b) => weights[b] - weights[a] || ids[a] - ids[b]);
  let count = 0;
  for (let sum = 0; count < order.length && sum < enough; count++) sum += weights[order[count]];
  const kept = order.slice(0, Math.max(1, count));
  return {
    ids: Uint32Array.from(kept, (at) => ids[at]),
    weights: Float64Array.from(kept, (at) => weights[at]),
  };
}

function everyId(count: number): Uint32Array {
  const ids = new Uint32Array(count);
  for (let id = 0; id < count; id++) ids[id] = id;
  return ids;
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
  if (temperature === 0) {
    return { ids: Uint32Array.of(likeliest), probabilities: Float64Array.of(1) };
  }
  const largest = logits[likeliest];
  const isCut = topK > 0 && topK < logits.length;
  let ids = isCut ? largestIds(logits, topK) : everyId(logits.length);
  let weights = new Float64Array(ids.length);
  for (let at = 0; at < ids.length; at++) {
    weights[at] = Math.exp((logits[ids[at]] - largest) / temperature);
  }
  if (topP < 1) ({ ids, weights } = nucleus(ids, weights, topP));
  const total = sumOf(weights);
  for (let at = 0; at < weights.length; at++) weights[at] /= total;
  return { ids, probabilities: weights };
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
  { normaliser = logNormaliser(logits), seen }: DrawOptions = {},
): DrawnToken {
  if (!Number.isFinite(normaliser)) {
    throw new UserError("The model's logits are not finite numbers", {
      hint:
        "Its weights hold NaN or infinity: go back to a checkpoint from before training diverged",
    });
  }
  const { repetitionPenalty = 1 } = rules;
  const weighed = seen === undefined || repetitionPenalty === 1
    ? logits
    : penalised(logits, seen, repetitionPenalty);
  const { ids, probabilities } = tokenDistribution(weighed, rules);
  let at = 0;
  if (ids.length > 1) {
    let left = random.next() - probabilities[0];
    while (left >= 0 && at < ids.length - 1) left -= probabilities[++at];
  }
  return { id: ids[at], logProb: logits[ids[at]] - normaliser };
}
