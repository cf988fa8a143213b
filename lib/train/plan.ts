/**
 * What a training step will take, before anything is loaded: memory, operations, time.
 *
 * @module
 */

import type { ModelConfig } from "../model/mod.ts";
import type { Device } from "../runtime/mod.ts";
import { documentRow, type DocumentSize, type RowSize } from "./plan/row_size.ts";
import { type DeviceLoad, deviceLoad, withoutWorkspaces } from "./plan/device_load.ts";
import type { LearningSize } from "./plan/learning_size.ts";
import { type StepMemory, stepMemory, totalBytes } from "./plan/memory.ts";
import { type Rates, secondsFor } from "./plan/rates.ts";
import { type StepWork, stepWork } from "./plan/work.ts";
import { type Workspaces, workspaces } from "./plan/workspaces.ts";

/** What is planned: a model, and the documents of a step. */
export interface PlanOptions extends DocumentSize, LearningSize {
  /** The model's numbers. */
  config: ModelConfig;
  /** Documents of an optimiser step, each in a row of its own. @default {1} */
  documents?: number;
  /** What graphs run on. @default {"cpu"} */
  device?: Device;
}

/** What a step takes. */
export interface StepPlan {
  /** The row that a document makes. */
  row: RowSize;
  /** Bytes by what they hold. */
  memory: StepMemory;
  /** Bytes by graph of what the workspace is for: the largest decides. */
  workspaces: Workspaces;
  /** All bytes of the process: the most that it has at once. */
  bytes: number;
  /** What is asked of a device beside the CPU; workspaces are there then. */
  device?: DeviceLoad;
  /** Operations and traffic. */
  work: StepWork;
  /** Seconds at a machine's rates. */
  seconds(rates: Rates): number;
}

/**
 * Plans a step; see `plan/memory.ts` and `plan/work.ts` for the formulas.
 *
 * @example A model of SmolLM2-135M's shape on a document of 8,192 tokens
 * ```ts
 * import { parseConfig } from "@longpo/longpo/model";
 * import { longpo } from "@longpo/longpo/objective";
 * import { planStep } from "@longpo/longpo/train";
 *
 * const config = parseConfig({
 *   model_type: "llama",
 *   vocab_size: 49152,
 *   hidden_size: 576,
 *   intermediate_size: 1536,
 *   num_hidden_layers: 30,
 *   num_attention_heads: 9,
 *   num_key_value_heads: 3,
 *   tie_word_embeddings: true,
 * });
 * const size = { documentTokens: 8192, turns: 4, answerTokens: 256 };
 * const plan = planStep({ config, objective: longpo, ...size });
 * console.log((plan.bytes / 2 ** 30).toFixed(1), "GiB");
 * ```
 */
export function planStep(options: PlanOptions): StepPlan {
  const { config, documents = 1, device = "cpu" } = options;
  const row = documentRow(options);
  const memory = stepMemory(config, row, options, documents);
  const spaces = workspaces(config, row, options.lora);
  const work = stepWork(config, row, documents, options);
  if (device === "cpu") {
    const seconds = (rates: Rates) => secondsFor(work, rates);
    return { row, memory, workspaces: spaces, bytes: totalBytes(memory), work, seconds };
  }
  const load = deviceLoad(config, row, documents, options);
  const seconds = (rates: Rates) => secondsFor(work, rates, load.transfer);
  const host = withoutWorkspaces(memory);
  const bytes = totalBytes(host);
  return { row, memory: host, workspaces: spaces, bytes, device: load, work, seconds };
}
