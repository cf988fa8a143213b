/**
 * Evaluation: questions with known answers, how many a model gets right, and how unlikely it finds
 * the right ones.
 *
 * @module
 */

export * from "./compare_table.ts";
export type { EvaluationItem } from "./item.ts";
export * from "./match.ts";
export * from "./nll.ts";
export * from "./recall.ts";
export * from "./report.ts";
export * from "./score_model.ts";
export type { Share } from "./share.ts";
