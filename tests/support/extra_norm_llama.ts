import {
  type Architecture,
  decoder,
  gatedMlp,
  preNormLayer,
  readDecoderConfig,
  rmsNorm,
  selfAttention,
} from "../../lib/model/mod.ts";

/** A Llama that normalises what attention gives: all that a new architecture takes. */
export const extraNormLlama: Architecture = {
  modelType: "extra_norm_llama",
  className: "ExtraNormLlamaForCausalLM",
  readConfig: readDecoderConfig,
  graphs: decoder({
    layer: preNormLayer(
      (scope, x) => rmsNorm(scope, "self_attn.extra_norm", selfAttention(scope, x)),
      gatedMlp,
    ),
  }),
};
