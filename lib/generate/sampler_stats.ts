/**
 * What a sampler did and how long it took.
 *
 * @module
 */

/** Counters since a sampler was opened; rates are quotients of them. */
export interface SamplerStats {
  /** Calls with at least one prompt. */
  calls: number;
  /** Tokens of all prompts. */
  promptTokens: number;
  /** Those that were computed: fewer, where prompts begin alike. */
  computedPromptTokens: number;
  /** Tokens that the model wrote. */
  newTokens: number;
  /** Seconds spent on prompts. */
  prefillSeconds: number;
  /** Seconds spent on new tokens. */
  decodeSeconds: number;
  /** Seconds from a call until its first token was known, the mean of all calls. */
  secondsToFirstToken: number;
}

/** Counters at 0. */
export function noStats(): SamplerStats {
  return {
    calls: 0,
    promptTokens: 0,
    computedPromptTokens: 0,
    newTokens: 0,
    prefillSeconds: 0,
    decodeSeconds: 0,
    secondsToFirstToken: 0,
  };
}

/** Whole numbers from 10 on, two digits below. */
function rate(count: number, seconds: number): string {
  const perSecond = count / seconds;
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toPrecision(2);
}

/**
 * Counters in a sentence.
 *
 * @example Nothing yet
 * ```ts
 * import { formatSamplerStats, noStats } from "@longpo/longpo/generate";
 *
 * console.log(formatSamplerStats(noStats())); // nothing written
 * ```
 */
export function formatSamplerStats(stats: Readonly<SamplerStats>): string {
  if (stats.calls === 0) return "nothing written";
  const { promptTokens, computedPromptTokens, newTokens, prefillSeconds, decodeSeconds } = stats;
  const shared = 100 * (1 - computedPromptTokens / promptTokens);
  return [
    `${promptTokens} prompt tokens` +
    (shared >= 0.5 ? `, ${shared.toFixed(0)} % of them shared` : ""),
    `${rate(computedPromptTokens, prefillSeconds)} computed a second`,
    `${newTokens} tokens written, ${
      rate(newTokens, prefillSeconds + decodeSeconds)
    } a second with their prompts`,
    `first token after ${stats.secondsToFirstToken.toPrecision(2)} s`,
  ].join(", ");
}
