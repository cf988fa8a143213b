/**
 * What a sampler did and how long it took.
 *
 * @module
 */

/** Counters since a sampler was opened; rates are quotients of them. */
export interface SamplerStats {
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
  /** Seconds from the last call until its first token was known. */
  secondsToFirstToken: number;
}

/** Counters at 0. */
export function noStats(): SamplerStats {
  return {
    promptTokens: 0,
    computedPromptTokens: 0,
    newTokens: 0,
    prefillSeconds: 0,
    decodeSeconds: 0,
    secondsToFirstToken: 0,
  };
}
