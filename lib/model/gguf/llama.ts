/**
 * Llama in GGUF files: what config.json would say, and what the tensors are called.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { JsonObject } from "../config_reader.ts";
import { EMBEDDING, HEAD } from "../parameters.ts";
import type { GgufArchitecture } from "./architectures.ts";
import type { GgufFile } from "./gguf_file.ts";
import { type GgufMetadata, shortest } from "./metadata.ts";

const OUTER: Readonly<Record<string, string>> = {
  [EMBEDDING]: "token_embd.weight",
  "model.norm.weight": "output_norm.weight",
  [HEAD]: "output.weight",
};

/** Of a layer's tensors, what is between `model.layers.0.` and `.weight`. */
const INNER: Readonly<Record<string, string>> = {
  input_layernorm: "attn_norm",
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.o_proj": "attn_output",
  post_attention_layernorm: "ffn_norm",
  "mlp.gate_proj": "ffn_gate",
  "mlp.up_proj": "ffn_up",
  "mlp.down_proj": "ffn_down",
};

function tensorName(name: string): string {
  const inner = name.match(/^model\.layers\.(\d+)\.(.+)\.weight$/);
  return inner ? `blk.${inner[1]}.${INNER[inner[2]]}.weight` : OUTER[name];
}

/** Refuses what changes the computation and has no place in a Llama's config.json here. */
function refuseOthers({ metadata, tensors, path }: GgufFile) {
  metadata.expect("llama.expert_count", 0);
  metadata.expect("llama.attention.sliding_window", 0);
  metadata.expect("llama.rope.scaling.type", "none");
  if (!tensors.has("rope_freqs.weight")) return;
  throw new UserError(`${path} scales its rotary embedding ("rope_freqs.weight")`, {
    hint: "Only the plain rotary embedding is supported",
  });
}

function headSize(metadata: GgufMetadata, hiddenSize: number, headCount: number): number {
  const size = metadata.size("llama.attention.key_length", hiddenSize / headCount);
  metadata.expect("llama.attention.value_length", size);
  metadata.expect("llama.rope.dimension_count", size);
  return size;
}

function config(file: GgufFile): JsonObject {
  refuseOthers(file);
  const { metadata, tensors } = file;
  const hiddenSize = metadata.size("llama.embedding_length");
  const headCount = metadata.size("llama.attention.head_count");
  const vocabSize = tensors.get(OUTER[EMBEDDING])?.shape[0];
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: vocabSize ?? metadata.size("llama.vocab_size"),
    hidden_size: hiddenSize,
    intermediate_size: metadata.size("llama.feed_forward_length"),
    num_hidden_layers: metadata.size("llama.block_count"),
    num_attention_heads: headCount,
    num_key_value_heads: metadata.size("llama.attention.head_count_kv", headCount),
    head_dim: headSize(metadata, hiddenSize, headCount),
    hidden_act: "silu",
    max_position_embeddings: metadata.size("llama.context_length"),
    rope_theta: shortest(metadata.positive("llama.rope.freq_base", 10_000)),
    rms_norm_eps: shortest(metadata.positive("llama.attention.layer_norm_rms_epsilon")),
    tie_word_embeddings: !tensors.has(OUTER[HEAD]),
  };
}

/**
 * Llama, and Mistral without a sliding window, which GGUF calls by the same name.
 *
 * Its rotary embedding turns neighbouring numbers of a head, where Hugging Face's turns numbers half
 * a head apart: the rows of queries and keys are stored in another order.
 */
export const llama: GgufArchitecture = {
  config,
  tensorName,
  hasInterleavedRows: (name) => /\.self_attn\.[qk]_proj\./.test(name),
};
