import type { ModelConfig, PackedRow } from "../../../lib/model/mod.ts";
import { addWork, rowSize, type StepWork, stepWork } from "../../../lib/train/mod.ts";
import type { StepChoices } from "./step_flags.ts";

/** The operations that a step on rows really has. */
export function countedWork(
  config: ModelConfig,
  rows: readonly PackedRow[],
  segment: StepChoices["segment"],
): StepWork {
  const work = rows.map((row) => stepWork(config, rowSize(row), 1)).reduce(addWork);
  // A model that is one graph keeps what is between forward and backward.
  return segment === "model" ? { ...work, recompute: 0 } : work;
}
