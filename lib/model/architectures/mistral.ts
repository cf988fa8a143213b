import type { Architecture } from "../architecture.ts";
import { readDecoderConfig } from "../config_decoder.ts";
import { readWindow, windowed } from "../config_window.ts";
import { llama } from "./llama.ts";

/** Mistral: a Llama whose layers all look back through a window, where its config names one. */
export const mistral: Architecture = {
  modelType: "mistral",
  className: "MistralForCausalLM",
  readConfig(config) {
    const decoder = readDecoderConfig(config, { maxPositions: 131_072 });
    // Transformers' own default, where the key is absent and not null.
    return windowed(decoder, readWindow(config, 4096), () => true);
  },
  graphs: llama.graphs,
};
