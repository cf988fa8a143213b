/**
 * Losses over pairs of answers, as graphs.
 *
 * @module
 */

export * from "./aggregation.ts";
export * from "./dpo.ts";
export * from "./head.ts";
export * from "./inputs.ts";
export * from "./longpo.ts";
export * from "./metrics.ts";
export * from "./objective.ts";
export * from "./sft.ts";
export * from "./table.ts";
