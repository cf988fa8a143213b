/**
 * adapter_config.json: what PEFT writes beside the matrices of an adapter.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import type { JsonObject } from "./config_reader.ts";
import type { LoraConfig } from "./lora.ts";

/**
 * What PEFT is told of an adapter; what is left out has PEFT's default.
 *
 * @param base The path or hub name from which PEFT loads the model.
 */
export function peftConfig(
  { rank, alpha }: LoraConfig,
  targets: readonly string[],
  base: string,
): JsonObject {
  return {
    base_model_name_or_path: base,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: alpha,
    lora_dropout: 0.0,
    modules_to_save: null,
    peft_type: "LORA",
    r: rank,
    target_modules: targets,
    task_type: "CAUSAL_LM",
    use_dora: false,
    use_rslora: false,
  };
}

/** The values with which an adapter is plain LoRA; a key may be missing. */
const PLAIN: Readonly<Record<string, readonly unknown[]>> = {
  peft_type: ["LORA"],
  bias: ["none"],
  fan_in_fan_out: [false],
  use_dora: [false],
  use_rslora: [false],
  lora_bias: [false],
  // Others also change the weights that the adapter belongs to.
  init_lora_weights: [true, false, "gaussian", "eva", "orthogonal"],
};

/** What must be missing or empty: exceptions from the rule, and relatives of LoRA. */
const EXCEPTIONS = [
  "alora_invocation_tokens",
  "alpha_pattern",
  "arrow_config",
  "kasa_config",
  "layer_replication",
  "modules_to_save",
  "rank_pattern",
  "target_parameters",
  "trainable_token_indices",
  "use_bdlora",
  "use_qalora",
  "velora_config",
] as const;

function isPlain(raw: JsonObject, key: string): boolean {
  return PLAIN[key].includes(raw[key]) || (raw[key] === undefined && key !== "peft_type");
}

function isNone(value: unknown): boolean {
  return value === null || value === undefined || value === false ||
    (typeof value === "object" && Object.keys(value).length === 0);
}

function positive(raw: JsonObject, key: string, path: string): number {
  const value = raw[key];
  if (typeof value === "number" && value > 0) return value;
  throw new UserError(`${path}: "${key}" is ${JSON.stringify(value)}, expected a positive number`);
}

/**
 * Rank and alpha of an adapter; which layers it has, its matrices tell.
 *
 * @throws {UserError} If the adapter is more than plain LoRA, or its numbers are none.
 */
export function readPeftConfig(raw: JsonObject, path: string): LoraConfig {
  const [refused] = [
    ...Object.keys(PLAIN).filter((key) => !isPlain(raw, key)),
    ...EXCEPTIONS.filter((key) => !isNone(raw[key])),
  ];
  if (refused !== undefined) {
    throw new UserError(`${path}: "${refused}" is ${JSON.stringify(raw[refused])}`, {
      hint: "Only plain LoRA is computed here: merge the adapter with PEFT, and load the result",
    });
  }
  return { rank: positive(raw, "r", path), alpha: positive(raw, "lora_alpha", path) };
}
