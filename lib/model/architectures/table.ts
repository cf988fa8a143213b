/**
 * The table of architectures: a new one is a file beside this and a line here.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { Architecture, ArchitectureGraphs } from "../architecture.ts";
import type { ModelConfig } from "../model_config.ts";
import { gemma3 } from "./gemma3.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { phi3 } from "./phi3.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";
import { smollm3 } from "./smollm3.ts";

const architectures = new Map<string, Architecture>();

/**
 * Adds an architecture of one's own: models with its `model_type` are read, trained and written like
 * those of the architectures that are here.
 *
 * @throws {UserError} If there is one for its `model_type` already.
 */
export function registerArchitecture(architecture: Architecture): void {
  const { modelType } = architecture;
  if (architectures.has(modelType)) {
    throw new UserError(`There is an architecture for the model type "${modelType}" already`);
  }
  architectures.set(modelType, architecture);
}

const builtIn = [
  gemma3,
  llama,
  mistral,
  phi3,
  qwen2,
  qwen3,
  smollm3,
];
for (const architecture of builtIn) registerArchitecture(architecture);

/** All architectures, in the order in which they were registered. */
export function knownArchitectures(): Architecture[] {
  return [...architectures.values()];
}

/** The architecture of a model. */
export function architectureOf({ architecture }: ModelConfig): Architecture {
  const found = architectures.get(architecture);
  if (found) return found;
  throw new UserError(`There is no architecture for the model type "${architecture}"`);
}

/** The graphs of a model's architecture. */
export function graphsOf(config: ModelConfig): ArchitectureGraphs {
  return architectureOf(config).graphs;
}
