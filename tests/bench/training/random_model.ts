import {
  heldAs,
  type HeldDtype,
  type ModelConfig,
  parseConfig,
  randomParameters,
  type Weights,
  writeParameters,
} from "../../../lib/model/mod.ts";
import { smollm2 } from "./smollm2.ts";

/** Writes random weights of SmolLM2-135M's shape as a Hugging Face folder, into one that is there. */
export function writeRandomModel(folder: string, layers: number): Promise<void> {
  return writeRandomWeights(folder, smollm2(layers));
}

/** The same for any config.json. */
export async function writeRandomWeights(
  folder: string,
  config: Record<string, unknown>,
): Promise<void> {
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config, null, 2));
  await writeParameters(randomParameters(parseConfig(config), 1), folder);
}

/** Random weights, held in a format. */
export function randomWeights(config: ModelConfig, dtype: HeldDtype): Weights {
  const parameters = randomParameters(config, 1);
  return new Map([...parameters].map(([name, one]) => [name, heldAs(one, dtype)]));
}
