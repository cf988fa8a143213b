/**
 * Streams of rows through stages: composition, operators, sources, sinks, and the runner.
 *
 * @module
 */

export * from "./stage.ts";
export * from "./ends.ts";
export * from "./context.ts";
export * from "./describe.ts";
export { pipe } from "./pipe.ts";
export { StageError, type StageErrorOptions } from "./stage_error.ts";
export { isMissing, isSystemError, whileWriting } from "./system_error.ts";
export * from "./user_error.ts";
export * from "./random.ts";
export { consecutive } from "./consecutive.ts";
export { readTextIfThere } from "./text_if_there.ts";
export { type ByteWriter, writeAll } from "./write_all.ts";

export { type Pipeline, pipeline, type PipelineOptions, type RunOptions } from "./run/pipeline.ts";
export { drops, formatReport, type PipelineReport, type StageReport } from "./run/report.ts";
export type { DeadLetter } from "./run/dead_letters.ts";

export { buffer } from "./operators/buffer.ts";
export { filter, type Predicate } from "./operators/filter.ts";
export { flatMap, type FlatMapOptions, type FlatMapper, type Rows } from "./operators/flat_map.ts";
export { fromIterable } from "./operators/from_iterable.ts";
export { group, type GroupOptions } from "./operators/group.ts";
export { map, type MapOptions, type Mapper } from "./operators/map.ts";
export { merge } from "./operators/merge.ts";
export { retry, type RetryOptions } from "./operators/retry.ts";
export { take } from "./operators/take.ts";
export { tap } from "./operators/tap.ts";
export { tee, type TeeOptions } from "./operators/tee.ts";

export { jsonlFile, type JsonlFileOptions } from "./jsonl/jsonl_file.ts";
export { type JsonLine, jsonlLines } from "./jsonl/jsonl_lines.ts";
export { keptRows } from "./jsonl/kept_rows.ts";
export { jsonlStdout } from "./jsonl/jsonl_stdout.ts";
