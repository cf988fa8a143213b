import type { Architecture } from "../architecture.ts";
import { decoder, gatedMlp, preNormLayer, selfAttention, separately } from "../blocks/mod.ts";
import { readDecoderConfig } from "../config_decoder.ts";
import { readUpperWindow } from "../config_window.ts";

const project = separately({ bias: true });

/** Qwen 2 and 2.5: a Llama with biases on queries, keys and values. */
export const qwen2: Architecture = {
  modelType: "qwen2",
  className: "Qwen2ForCausalLM",
  readConfig: (config) =>
    readUpperWindow(config, readDecoderConfig(config, { maxPositions: 32_768 })),
  graphs: decoder({
    layer: preNormLayer((scope, x) => selfAttention(scope, x, { project }), gatedMlp),
  }),
};
