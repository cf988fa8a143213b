/**
 * Evaluation: questions with known answers, how many a model gets right, and how unlikely it finds
 * the right ones.
 *
 * {@linkcode scoreModel} holds an exam on short and on long contexts; {@linkcode recall} and
 * {@linkcode nll} are its two halves, and {@linkcode compareTable} sets models side by side.
 *
 * @example Where in the context a reader goes wrong
 * ```ts
 * import { recall } from "@longpo/longpo/evaluate";
 * import type { Sampler } from "@longpo/longpo/generate";
 * import { assertEquals } from "@std/assert";
 *
 * const answer = (text: string) => ({ text, tokenIds: [], logProbs: [], finish: "stop" as const });
 * const hasty: Sampler = {
 *   name: "knows the last place only",
 *   generate: (conversations) =>
 *     Promise.resolve(conversations.map(([{ content }]) => answer(/.* in (\w+)/s.exec(content)![1]))),
 * };
 *
 * const context = "The lantern is in Oslo. It rains. The bell is in Rome.";
 * const { byPosition } = await recall({
 *   sampler: hasty,
 *   items: [
 *     { context, question: "Where is the lantern?", answer: "Oslo", position: 0.1 },
 *     { context, question: "Where is the bell?", answer: "Rome", position: 0.9 },
 *   ],
 *   buckets: 2,
 * });
 * assertEquals(byPosition.map(({ recall }) => recall), [0, 1]);
 * ```
 *
 * @module
 */

export * from "./compare_table.ts";
export * from "./hold_out.ts";
export type { EvaluationItem } from "./item.ts";
export * from "./match.ts";
export * from "./nll.ts";
export * from "./recall.ts";
export * from "./report.ts";
export * from "./score_model.ts";
export * from "./self_exam.ts";
export type { Share } from "./share.ts";
export * from "./text_nll.ts";
export * from "./text_table.ts";
