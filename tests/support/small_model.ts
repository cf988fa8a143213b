import {
  type ModelConfig,
  type Parameters,
  parseConfig,
  randomParameters,
} from "../../lib/model/mod.ts";

/** What kind of small model. */
export interface SmallModelOptions {
  /** Whether head and embedding are one matrix. @default {false} */
  tied?: boolean;
  /** Of the weights. @default {5} */
  seed?: number;
  /** How many. @default {2} */
  layers?: number;
}

/** A Llama of two layers with random weights, large enough for grouped heads. */
export function smallModel(
  { tied = false, seed = 5, layers = 2 }: SmallModelOptions = {},
): { config: ModelConfig; parameters: Parameters } {
  const config = parseConfig({
    model_type: "llama",
    vocab_size: 40,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: layers,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: tied,
    initializer_range: 0.3,
  });
  return { config, parameters: randomParameters(config, seed) };
}
