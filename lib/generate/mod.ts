/**
 * Models as samplers, which write, and as scorers, which say how likely given texts are.
 *
 * {@linkcode localSampler} and {@linkcode localScorer} make both of a model in this process,
 * {@linkcode httpSampler} makes a sampler of one behind a server; whatever else answers chats is a
 * {@linkcode Sampler} too. Prompts that begin alike, such as questions on one document, share that
 * beginning's computation, and each answer is what its prompt gets alone.
 *
 * @example Two questions on one document
 * ```ts
 * import { TokenSampler } from "@longpo/longpo/generate";
 * import { parseConfig, randomParameters } from "@longpo/longpo/model";
 * import { assertEquals } from "@std/assert";
 *
 * const config = parseConfig({
 *   model_type: "llama",
 *   vocab_size: 16,
 *   hidden_size: 8,
 *   intermediate_size: 16,
 *   num_hidden_layers: 1,
 *   num_attention_heads: 2,
 * });
 * await using sampler = await TokenSampler.open(config, randomParameters(config, 1));
 *
 * const document = [1, 2, 3, 4, 5, 6, 7, 8];
 * const [first, second] = [[...document, 9], [...document, 10]];
 * const [, together] = await sampler.generate([first, second], { maxTokens: 3 });
 * const [alone] = await sampler.generate([second], { maxTokens: 3 });
 * assertEquals(together.tokenIds, alone.tokenIds);
 * ```
 *
 * @module
 */

export type { TokenGeneration, TokenSamplingOptions } from "./answer.ts";
export * from "./http/http_sampler.ts";
export { formatHttpStats, type HttpSamplerStats } from "./http/http_stats.ts";
export * from "./local_sampler.ts";
export * from "./local_scorer.ts";
export * from "./readers.ts";
export * from "./sampler_stats.ts";
export * from "./sampling.ts";
export * from "./scorer_types.ts";
export * from "./token_sampler.ts";
export * from "./types.ts";
