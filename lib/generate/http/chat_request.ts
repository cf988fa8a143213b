/**
 * Sampling options as the fields of a chat request.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import { checkRules } from "../sampling.ts";
import type { SamplingOptions } from "../types.ts";

/**
 * The fields of a request that say how to draw.
 *
 * `top_k` is no field of OpenAI's, but one of vLLM, SGLang and llama.cpp, and `repetition_penalty`
 * one of the first two; they are left out where they would change nothing, as others refuse them.
 *
 * @throws {UserError} If an option is outside its range.
 */
export function samplingFields(options: SamplingOptions): Record<string, unknown> {
  const { maxTokens, temperature = 0, topP = 1, topK = 0, stop = [], seed = 0 } = options;
  const { repetitionPenalty = 1 } = options;
  checkRules(options);
  if (!(Number.isSafeInteger(maxTokens) && maxTokens > 0)) {
    throw new UserError(`maxTokens must be a positive whole number, not ${maxTokens}`);
  }
  if (stop.includes("")) throw new UserError("A stop string is empty: it would end every answer");
  return {
    max_tokens: maxTokens,
    temperature,
    top_p: topP,
    ...(topK > 0 ? { top_k: topK } : {}),
    ...(repetitionPenalty !== 1 ? { repetition_penalty: repetitionPenalty } : {}),
    ...(stop.length > 0 ? { stop } : {}),
    seed,
    stream: false,
  };
}
