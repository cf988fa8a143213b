/**
 * Models as samplers, which write, and as scorers, which say how likely given texts are.
 *
 * @module
 */

export type { TokenGeneration, TokenSamplingOptions } from "./answer.ts";
export * from "./local_sampler.ts";
export * from "./local_scorer.ts";
export * from "./sampler_stats.ts";
export * from "./sampling.ts";
export * from "./scorer_types.ts";
export * from "./token_sampler.ts";
export * from "./types.ts";
