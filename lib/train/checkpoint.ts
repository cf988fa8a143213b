/**
 * Checkpoints: everything that a run needs to go on as if it had not stopped.
 *
 * @module
 */

import { UserError } from "../flow/user_error.ts";
import { type Parameters, readSafetensors, type Tensor, writeSafetensors } from "../model/mod.ts";
import type { AdamW } from "./adamw.ts";
import type { StepMetrics } from "./train_step.ts";

const KINDS = ["parameter", "first_moment", "second_moment"] as const;

/**
 * Writes the parameters that learn, their moments and the step count as one safetensors file, beside the path first.
 *
 * @param run What the run was started with; resuming with something else is refused.
 * @param metrics Of all steps so far: a run that is gone on with tells of them too.
 */
export async function saveCheckpoint(
  path: string,
  parameters: Parameters,
  optimizer: AdamW,
  run: Record<string, string>,
  metrics: readonly StepMetrics[] = [],
): Promise<void> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { shape, data }] of parameters) {
    const { first, second } = optimizer.moments.get(name)!;
    for (const [at, part] of [data, first, second].entries()) {
      tensors.set(`${KINDS[at]}/${name}`, { dtype: "F32", shape, data: part });
    }
  }
  const metadata = { ...run, step: String(optimizer.step), metrics: JSON.stringify(metrics) };
  await writeSafetensors(path, tensors, { metadata });
}

/**
 * Reads a checkpoint into parameters and optimiser, in place, and gives the metrics of its steps.
 *
 * @throws {UserError} If it is of another model, or of a run that was started with other settings;
 * nothing is changed then.
 */
export async function loadCheckpoint(
  path: string,
  parameters: Parameters,
  optimizer: AdamW,
  run: Record<string, string>,
): Promise<StepMetrics[]> {
  const { tensors, metadata } = await readSafetensors(path);
  for (const [key, value] of Object.entries(run)) {
    if (metadata[key] === value) continue;
    throw new UserError(
      `${path} is of a run with ${key} ${metadata[key] ?? "unknown"}, not ${value}`,
      { hint: `start with the same ${key}, or begin anew in another folder` },
    );
  }
  const loads: (() => void)[] = [];
  for (const [name, { data }] of parameters) {
    const { first, second } = optimizer.moments.get(name)!;
    for (const [at, part] of [data, first, second].entries()) {
      const stored = tensors.get(`${KINDS[at]}/${name}`)?.data;
      if (!(stored instanceof Float32Array) || stored.length !== part.length) {
        throw new UserError(`${path} is not of this model: ${name} is missing or of another size`);
      }
      loads.push(() => part.set(stored));
    }
  }
  // Only now, so that a file that is refused has changed nothing.
  for (const load of loads) load();
  optimizer.step = Number(metadata.step);
  return JSON.parse(metadata.metrics ?? "[]");
}
