/**
 * What a sampler behind HTTP did.
 *
 * @module
 */

/** Counters since a sampler was made. */
export interface HttpSamplerStats {
  /** Requests that were sent, the repeated ones included. */
  requests: number;
  /** Requests that were sent again. */
  retries: number;
  /** Answers that were no chat completion, or were broken off. */
  badAnswers: number;
  /** Answers to prompts of which the server read less than was sent. */
  cutPrompts: number;
  /** Tokens of all prompts, as far as the server counts them. */
  promptTokens: number;
  /** Tokens of all answers, as far as the server counts them. */
  newTokens: number;
}

/** Counters at 0. */
export function noHttpStats(): HttpSamplerStats {
  return {
    requests: 0,
    retries: 0,
    badAnswers: 0,
    cutPrompts: 0,
    promptTokens: 0,
    newTokens: 0,
  };
}

/** Counters in a sentence; what did not happen is left out. */
export function formatHttpStats(stats: Readonly<HttpSamplerStats>): string {
  const happened = [
    [stats.retries, "of them sent again"],
    [stats.badAnswers, "answers that could not be used"],
    [stats.cutPrompts, "prompts cut by the server"],
    [stats.promptTokens, "tokens read"],
    [stats.newTokens, "written"],
  ] as const;
  return [[stats.requests, "requests"], ...happened.filter(([count]) => count > 0)]
    .map((part) => part.join(" ")).join(", ");
}
