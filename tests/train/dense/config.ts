/** What distinguishes one layer from another. */
export interface DenseLayer {
  /** Whether queries and keys are turned by their positions. */
  rotary: boolean;
  /** How many tokens a token sees, itself included. */
  window: number;
}

/** The sizes that config.json gives. */
export interface DenseConfig {
  layers: readonly DenseLayer[];
  heads: number;
  keyValueHeads: number;
  headDim: number;
  ropeTheta: number;
  epsilon: number;
}

/** Reads config.json by itself, so that nothing is taken over from the reader under test. */
export function readDenseConfig(config: Readonly<Record<string, unknown>>): DenseConfig {
  const rope = (config.rope_parameters ?? config) as { rope_theta: number; rope_type?: string };
  const scaled = config.rope_scaling || (rope.rope_type ?? "default") !== "default";
  const activation = config.hidden_act ?? "silu";
  if (scaled || config.attention_bias || config.mlp_bias || activation !== "silu") {
    throw new Error("The dense reference knows plain Llamas: silu, no biases, no RoPE scaling");
  }
  const heads = config.num_attention_heads as number;
  const types = config.layer_types as readonly string[] | undefined;
  const rotary = config.no_rope_layers as readonly number[] | undefined;
  const window = (config.sliding_window ?? Infinity) as number;
  const layer = (_: unknown, index: number): DenseLayer => ({
    rotary: rotary === undefined || rotary[index] === 1,
    window: types === undefined || types[index] === "sliding_attention" ? window : Infinity,
  });
  return {
    layers: Array.from({ length: config.num_hidden_layers as number }, layer),
    heads,
    keyValueHeads: (config.num_key_value_heads ?? heads) as number,
    headDim: (config.head_dim ?? config.hidden_size as number / heads) as number,
    ropeTheta: rope.rope_theta,
    epsilon: config.rms_norm_eps as number,
  };
}
