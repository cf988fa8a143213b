/**
 * Data: the records of a run and the stages that make them, from documents to batches.
 *
 * ```text
 * documents -> chunk -> compress -> instruct -> sampleShort -> sampleLong -> pair -> batch
 * ```
 *
 * @module
 */

export * from "./batch.ts";
export * from "./bm25.ts";
export * from "./chunk.ts";
export * from "./compress.ts";
export type { DocumentFields } from "./document_line.ts";
export * from "./documents.ts";
export * from "./epochs.ts";
export * from "./filters.ts";
export * from "./instruct.ts";
export * from "./left_out.ts";
export * from "./only.ts";
export * from "./pack_chunks.ts";
export * from "./pack_rows.ts";
export * from "./pack_batches.ts";
export * from "./pair.ts";
export * from "./parse_pair.ts";
export * from "./parse_questions.ts";
export * from "./pieces.ts";
export * from "./plain_text.ts";
export * from "./prompts.ts";
export * from "./read_pairs.ts";
export * from "./record.ts";
export * from "./reference.ts";
export * from "./reference_hash.ts";
export * from "./sample_long.ts";
export * from "./sample_short.ts";
export type { SampledStageOptions } from "./sampled_stage.ts";
export type { StageSampling } from "./sampler_note.ts";
export * from "./sequence.ts";
export type { LeaveOut } from "./shorten.ts";
export type { TextTokenizer } from "./text_tokenizer.ts";
export * from "./shuffle.ts";
export * from "./to_sharegpt.ts";
export * from "./to_trl.ts";
