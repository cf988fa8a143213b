/**
 * A model folder that is made in no time: a Llama with random weights and the world's tokenizer.
 *
 * @module
 */

import { modelConfig } from "../../../examples/world/model_config.ts";
import { writeTokenizer } from "../../../examples/world/tokenizer.ts";
import { parseConfig, randomParameters, writeParameters } from "../../../lib/model/mod.ts";

/** Writes the folder; another seed makes another model. */
export async function writeTinyModel(
  folder: string,
  { seed = 1, hidden = 16, maxPositions = 256 } = {},
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await writeTokenizer(folder);
  const config = {
    ...modelConfig(),
    hidden_size: hidden,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 2,
    max_position_embeddings: maxPositions,
    initializer_range: 0.2,
  };
  await Deno.writeTextFile(`${folder}/config.json`, `${JSON.stringify(config, null, 2)}\n`);
  await writeParameters(randomParameters(parseConfig(config), seed), folder);
}
