/**
 * Checkpoints: everything that a run needs to go on as if it had not stopped.
 *
 * @module
 */

import { UserError } from "../flow/user_error.ts";
import {
  formatOf,
  isHalf,
  openSafetensors,
  type SafetensorsFile,
  type Tensor,
  type TensorSource,
  type Weight,
  type Weights,
  writeSafetensors,
} from "../model/mod.ts";
import type { AdamW } from "./adamw.ts";
import type { MomentTensors } from "./moments/moment_store.ts";
import type { StepMetrics } from "./train_step.ts";

/** What the file calls a parameter itself; its moments have the names that their store gives. */
const PARAMETER = "parameter";

/** What a checkpoint holds of one parameter, by what it is. */
function tensorsOf(parameter: Weight, optimizer: AdamW): MomentTensors<TensorSource> {
  const { name, shape, data } = parameter;
  const dtype = isHalf(parameter) ? formatOf(parameter).stored : "F32";
  return { [PARAMETER]: { dtype, shape, data }, ...optimizer.moments.tensors(name) };
}

const keyOf = (kind: string, name: string) => `${kind}/${name}`;

/**
 * Writes the parameters that learn, their moments and the step count as one safetensors file, beside the path first.
 *
 * @param run What the run was started with; resuming with something else is refused.
 * @param metrics Of all steps so far: a run that is gone on with tells of them too.
 * @throws {TypeError} If the optimiser's last step ended half-way.
 */
export async function saveCheckpoint(
  path: string,
  parameters: Weights,
  optimizer: AdamW,
  run: Record<string, string>,
  metrics: readonly StepMetrics[] = [],
): Promise<void> {
  if (optimizer.isTorn) throw new TypeError("Cannot save a step that ended half-way");
  const tensors = new Map<string, TensorSource>();
  for (const [name, parameter] of parameters) {
    for (const [kind, tensor] of Object.entries(tensorsOf(parameter, optimizer))) {
      tensors.set(keyOf(kind, name), tensor);
    }
  }
  const { step, moments: { format: moments } } = optimizer;
  const metadata = { ...run, moments, step: String(step), metrics: JSON.stringify(metrics) };
  await writeSafetensors(path, tensors, { metadata });
}

/** Refuses a checkpoint of a run that was started with other settings. */
function checkRun(
  path: string,
  metadata: Readonly<Record<string, string>>,
  run: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(run)) {
    if (metadata[key] === value) continue;
    throw new UserError(
      `${path} is of a run with ${key} ${metadata[key] ?? "unknown"}, not ${value}`,
      { hint: `start with the same ${key}, or begin anew in another folder` },
    );
  }
}

/** Refuses a checkpoint that has not all tensors of a parameter, or has them otherwise. */
function checkTensors(file: SafetensorsFile, parameter: Weight, optimizer: AdamW): void {
  for (const [kind, { dtype, shape }] of Object.entries(tensorsOf(parameter, optimizer))) {
    const stored = file.tensors.get(keyOf(kind, parameter.name));
    if (stored?.dtype === dtype && `${stored.shape}` === `${shape}`) continue;
    throw new UserError(
      `${file.path} is not of this model: ${parameter.name} is missing, of another size or in ` +
        "another number format",
    );
  }
}

async function restoreWeight(file: SafetensorsFile, weight: Weight): Promise<void> {
  const key = keyOf(PARAMETER, weight.name);
  if (isHalf(weight)) weight.data.set(await file.readBits(key));
  else weight.data.set((await file.read(key)).data as Float32Array);
}

/**
 * Reads a checkpoint into parameters and optimiser, in place, and gives the metrics of its steps.
 *
 * What is refused has changed nothing. Of the file there is never more in memory than one parameter
 * with its moments.
 *
 * @throws {UserError} If it is of another model, of a run that was started with other settings, or
 * of one that keeps its moments in another format.
 */
export async function loadCheckpoint(
  path: string,
  parameters: Weights,
  optimizer: AdamW,
  run: Record<string, string>,
): Promise<StepMetrics[]> {
  await using file = await openSafetensors(path);
  // Files from before there was a choice of moments do not tell.
  const metadata = { moments: "float32", ...file.metadata };
  checkRun(path, metadata, { ...run, moments: optimizer.moments.format });
  for (const parameter of parameters.values()) checkTensors(file, parameter, optimizer);

  for (const [name, parameter] of parameters) {
    await restoreWeight(file, parameter);
    const moments: Record<string, Tensor> = {};
    for (const kind of Object.keys(optimizer.moments.tensors(name))) {
      moments[kind] = await file.read(keyOf(kind, name));
    }
    await optimizer.moments.restore(name, moments);
  }
  optimizer.step = Number(file.metadata.step);
  return JSON.parse(file.metadata.metrics ?? "[]");
}
