/**
 * The weights of a Llama.
 *
 * @module
 */

import type { ModelConfig } from "./config.ts";
import type { ParameterShapes } from "./parameters.ts";

/** Names and shapes of a Llama's weights; without `lm_head.weight` where it is tied. */
export function llamaParameters(config: ModelConfig): ParameterShapes {
  const { vocabSize, hiddenSize, intermediateSize } = config;
  const querySize = config.headCount * config.headSize;
  const keyValueSize = config.keyValueHeadCount * config.headSize;
  const shapes: ParameterShapes = new Map();
  shapes.set("model.embed_tokens.weight", [vocabSize, hiddenSize]);
  for (let layer = 0; layer < config.layerCount; layer++) {
    const name = (part: string) => `model.layers.${layer}.${part}.weight`;
    shapes.set(name("input_layernorm"), [hiddenSize]);
    shapes.set(name("self_attn.q_proj"), [querySize, hiddenSize]);
    shapes.set(name("self_attn.k_proj"), [keyValueSize, hiddenSize]);
    shapes.set(name("self_attn.v_proj"), [keyValueSize, hiddenSize]);
    shapes.set(name("self_attn.o_proj"), [hiddenSize, querySize]);
    shapes.set(name("post_attention_layernorm"), [hiddenSize]);
    shapes.set(name("mlp.gate_proj"), [intermediateSize, hiddenSize]);
    shapes.set(name("mlp.up_proj"), [intermediateSize, hiddenSize]);
    shapes.set(name("mlp.down_proj"), [hiddenSize, intermediateSize]);
  }
  shapes.set("model.norm.weight", [hiddenSize]);
  if (!config.tieEmbeddings) shapes.set("lm_head.weight", [vocabSize, hiddenSize]);
  return shapes;
}
