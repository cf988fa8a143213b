import type { Architecture } from "../architecture.ts";
import type { ConfigReader } from "../config_reader.ts";
import { readDecoderConfig } from "../config_decoder.ts";
import { readLayerTypes, readWindow } from "../config_window.ts";
import type { LayerKind } from "../layer_kind.ts";
import type { ArchitectureConfig } from "../model_config.ts";
import { llama } from "./llama.ts";

/** Which layers turn queries and keys: 1 or true in `no_rope_layers`, whatever its name says. */
function readRotary(config: ConfigReader, layerCount: number): boolean[] {
  const layers = config.raw.no_rope_layers;
  if (layers === undefined || layers === null) {
    const interval = config.size("no_rope_layer_interval", 4);
    return Array.from({ length: layerCount }, (_, layer) => (layer + 1) % interval !== 0);
  }
  if (Array.isArray(layers) && layers.length === layerCount) return layers.map(Boolean);
  throw config.unsupported("no_rope_layers", `It must be a list of ${layerCount} numbers 0 or 1`);
}

function withKinds(config: ConfigReader, decoder: ArchitectureConfig): ArchitectureConfig {
  const rotary = readRotary(config, decoder.layerCount);
  const window = config.flag("use_sliding_window", false) ? readWindow(config) : undefined;
  const slides = readLayerTypes(config, decoder.layerCount) ??
    rotary.map((turns) => window !== undefined && !turns);
  const layerKinds = rotary.map((turns, layer): LayerKind => {
    const slidesHere = slides[layer] && window !== undefined;
    const name = ["layer", ...(turns ? [] : ["unturned"]), ...(slidesHere ? ["sliding"] : [])];
    return {
      name: name.join("_"),
      ...(turns ? {} : { rotary: false }),
      ...(slidesHere ? { window } : {}),
    };
  });
  return { ...decoder, layerKinds };
}

/** SmolLM3: a Llama of which some layers, by default every fourth, know no positions. */
export const smollm3: Architecture = {
  modelType: "smollm3",
  className: "SmolLM3ForCausalLM",
  readConfig(config) {
    config.expect("attention_bias", false);
    config.expect("mlp_bias", false);
    const defaults = { maxPositions: 32_768, ropeTheta: 2_000_000, tieEmbeddings: true };
    return withKinds(config, readDecoderConfig(config, defaults));
  },
  graphs: llama.graphs,
};
