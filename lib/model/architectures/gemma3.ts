import { add, type Value } from "../../onnx/mod.ts";
import type { Architecture } from "../architecture.ts";
import {
  centredRmsNorm,
  decoder,
  gatedMlp,
  geluGate,
  type LayerScope,
  selfAttention,
} from "../blocks/mod.ts";
import { readDecoderConfig } from "../config_decoder.ts";
import { ConfigReader, isJsonObject } from "../config_reader.ts";
import { readLayerTypes, readWindow, windowed } from "../config_window.ts";
import type { ArchitectureConfig } from "../model_config.ts";

/**
 * The config as if it had only the rotary embedding of layers that see everything, and the base of
 * the others: `rope_parameters` of Transformers 5 has an object for each.
 */
function unnested(config: ConfigReader): { full: ConfigReader; localTheta: number } {
  const { rope_parameters: rope, ...raw } = config.raw;
  const local = "rope_local_base_freq";
  if (!isJsonObject(rope) || !isJsonObject(rope.full_attention)) {
    return { full: config, localTheta: config.positive(local, 10_000) };
  }
  const path = `${config.path}, "rope_parameters"`;
  const { sliding_attention: sliding } = rope;
  const own = new ConfigReader(isJsonObject(sliding) ? sliding : {}, path);
  own.expect("rope_type", "default");
  const full = new ConfigReader({ ...raw, rope_parameters: rope.full_attention }, config.path);
  return { full, localTheta: own.positive("rope_theta", config.positive(local, 10_000)) };
}

function readConfig(config: ConfigReader): ArchitectureConfig {
  config.expect("attention_bias", false);
  config.expect("use_bidirectional_attention", false);
  config.expect("attn_logit_softcapping");
  config.expect("final_logit_softcapping");
  const { full, localTheta } = unnested(config);
  const decoder = readDecoderConfig(full, {
    maxPositions: 131_072,
    ropeTheta: 1_000_000,
    headSize: 256,
    tieEmbeddings: true,
    activation: { key: "hidden_activation", value: "gelu_pytorch_tanh" },
  });
  const pattern = config.size("sliding_window_pattern", 6);
  const slides = readLayerTypes(config, decoder.layerCount);
  const withScale = {
    ...decoder,
    attentionScale: config.positive("query_pre_attn_scalar", 256) ** -0.5,
  };
  return windowed(
    withScale,
    readWindow(config, 4096),
    (layer) => slides?.[layer] ?? (layer + 1) % pattern !== 0,
    { ropeTheta: localTheta },
  );
}

/** A norm before and a norm after both parts of the layer. */
function layer(scope: LayerScope, hidden: Value): Value {
  const { g } = scope;
  const norm = (name: string, x: Value) => centredRmsNorm(scope, `${name}_layernorm`, x);
  const mixed = selfAttention(scope, norm("input", hidden), { headNorm: centredRmsNorm });
  const attended = add(g, hidden, norm("post_attention", mixed));
  const inner = norm("pre_feedforward", attended);
  const fed = gatedMlp(scope, inner, { activation: geluGate });
  return add(g, attended, norm("post_feedforward", fed));
}

/** Gemma 3 for text: most layers look back through a window and have a rotary base of their own. */
export const gemma3: Architecture = {
  modelType: "gemma3_text",
  className: "Gemma3ForCausalLM",
  readConfig,
  graphs: decoder({
    layer,
    norm: centredRmsNorm,
    embeddingScale: ({ hiddenSize }) => Math.sqrt(hiddenSize),
  }),
  initialNorm: 0,
};
