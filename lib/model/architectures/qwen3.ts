import type { Architecture } from "../architecture.ts";
import { decoder, gatedMlp, preNormLayer, rmsNorm, selfAttention } from "../blocks/mod.ts";
import { readDecoderConfig } from "../config_decoder.ts";
import { readUpperWindow } from "../config_window.ts";

/** Qwen 3: every head's queries and keys are normalised, and heads have a width of their own. */
export const qwen3: Architecture = {
  modelType: "qwen3",
  className: "Qwen3ForCausalLM",
  readConfig(config) {
    config.expect("attention_bias", false);
    const defaults = { maxPositions: 32_768, headSize: 128 };
    return readUpperWindow(config, readDecoderConfig(config, defaults));
  },
  graphs: decoder({
    layer: preNormLayer(
      (scope, x) => selfAttention(scope, x, { headNorm: rmsNorm }),
      gatedMlp,
    ),
  }),
};
