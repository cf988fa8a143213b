import type { Architecture } from "../architecture.ts";
import { decoder, gatedMlp, preNormLayer, selfAttention, together } from "../blocks/mod.ts";
import { readDecoderConfig } from "../config_decoder.ts";
import { readWindow, windowed } from "../config_window.ts";

/** Phi-3 with its own context length: fused matrices, and a window where its config names one. */
export const phi3: Architecture = {
  modelType: "phi3",
  className: "Phi3ForCausalLM",
  readConfig(config) {
    config.expect("attention_bias", false);
    const decoder = readDecoderConfig(config, {
      maxPositions: 4096,
      normEpsilon: 1e-5,
      scalings: [],
    });
    return windowed(decoder, readWindow(config), () => true);
  },
  graphs: decoder({
    layer: preNormLayer(
      (scope, x) => selfAttention(scope, x, { project: together }),
      (scope, x) => gatedMlp(scope, x, { fused: true }),
    ),
  }),
};
