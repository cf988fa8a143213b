import type { Architecture } from "../architecture.ts";
import { decoder, gatedMlp, preNormLayer, selfAttention } from "../blocks/mod.ts";
import { readDecoderConfig } from "../config_decoder.ts";

/** Llama 1 to 3, SmolLM2, TinyLlama and what else has their shape. */
export const llama: Architecture = {
  modelType: "llama",
  className: "LlamaForCausalLM",
  readConfig(config) {
    config.expect("attention_bias", false);
    config.expect("mlp_bias", false);
    return readDecoderConfig(config);
  },
  graphs: decoder({ layer: preNormLayer(selfAttention, gatedMlp) }),
};
