import type { Gradients } from "./adamw.ts";
import type { GradientBuffers } from "./gradient_buffers.ts";
import type { RunSegment } from "./row_pass.ts";
import { type RowResult, rowResult } from "./row_result.ts";
import type { ChainNames } from "./segments.ts";

/** Takes a row's gradients during its backward, each as soon as nothing more is added to it. */
export interface GradientTaker {
  /** Is told what the row gave, before it takes anything; what it throws ends the row there. */
  begin(result: RowResult): void;
  /** Takes gradients that are whole. Their memory is used for others afterwards. */
  take(gradients: Gradients): Promise<void>;
}

/**
 * How many segments read each parameter: a tied embedding is whole only after the last of them.
 *
 * @param isWhole Whether the model is one segment.
 */
export function readersOf(
  { embed, layers, head }: ChainNames,
  isWhole: boolean,
): Map<string, number> {
  const readers = new Map<string, number>();
  for (const names of [embed, ...layers.map(({ names }) => names), head]) {
    for (const name of new Set(Object.values(names))) {
      readers.set(name, isWhole ? 1 : (readers.get(name) ?? 0) + 1);
    }
  }
  return readers;
}

/**
 * Runs backwards of one row, and hands over what they have made whole.
 *
 * @param backward Adds to the buffers.
 * @param readers Of each parameter, among the segments of the row: see {@linkcode readersOf}.
 */
export function handingOver(
  backward: RunSegment,
  buffers: GradientBuffers,
  readers: ReadonlyMap<string, number>,
  taker: GradientTaker,
): RunSegment {
  const left = new Map(readers);
  let isFirst = true;
  return async function handOver(segment, feeds, names) {
    const outputs = await backward(segment, feeds, names);
    if (isFirst) taker.begin(rowResult(outputs));
    isFirst = false;
    const learning = [...new Set(Object.values(names))].filter((name) => buffers.has(name));
    for (const name of learning) left.set(name, left.get(name)! - 1);
    const whole = learning.filter((name) => left.get(name) === 0);
    await taker.take(new Map(whole.map((name) => [name, buffers.of(name)])));
    for (const name of whole) buffers.release(name);
    return outputs;
  };
}
