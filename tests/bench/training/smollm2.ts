/** The part of SmolLM2-135M's config.json that says how tokens are computed. */
const SMOLLM2 = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_act: "silu",
  hidden_size: 576,
  initializer_range: 0.041666666666666664,
  intermediate_size: 1536,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  rms_norm_eps: 1e-5,
  rope_theta: 100000,
  tie_word_embeddings: true,
  torch_dtype: "float32",
  vocab_size: 49152,
};

/** A config.json of SmolLM2-135M's shape, for any length of text. */
export function smollm2(layers: number): Record<string, unknown> {
  return { ...SMOLLM2, num_hidden_layers: layers, max_position_embeddings: 131072 };
}
