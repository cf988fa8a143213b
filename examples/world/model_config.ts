/**
 * The shape of the world's model.
 *
 * @module
 */

import { tokenizerJson, writeTokenizer } from "./tokenizer.ts";

/** Tokens of the longest lesson that the model is made from. */
export const TRAINED_WINDOW = 256;

/** What `config.json` holds. */
export function modelConfig(): Record<string, unknown> {
  const { model } = tokenizerJson() as { model: { vocab: Record<string, number> } };
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: Object.keys(model.vocab).length,
    hidden_size: 128,
    intermediate_size: 384,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    hidden_act: "silu",
    rms_norm_eps: 1e-6,
    rope_theta: 10000.0,
    max_position_embeddings: TRAINED_WINDOW,
    tie_word_embeddings: false,
    initializer_range: 0.02,
    bos_token_id: 0,
    eos_token_id: 1,
    torch_dtype: "float32",
  };
}

/** Writes everything but the weights into a folder, which is made where it is missing. */
export async function writeBlankModel(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await writeTokenizer(folder);
  const config = JSON.stringify(modelConfig(), null, 2);
  await Deno.writeTextFile(`${folder}/config.json`, `${config}\n`);
}
