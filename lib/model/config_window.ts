/**
 * Reads which layers look back through a window only, and how far.
 *
 * @module
 */

import type { ConfigReader } from "./config_reader.ts";
import { type LayerKind, PLAIN_LAYER } from "./layer_kind.ts";
import type { ArchitectureConfig } from "./model_config.ts";

/** `sliding_window`: how many tokens a query sees, itself included; null is all. */
export function readWindow(config: ConfigReader, fallback?: number): number | undefined {
  const value = config.raw.sliding_window;
  if (value === null || (value === undefined && fallback === undefined)) return undefined;
  return config.size("sliding_window", fallback);
}

/** `layer_types`: whether each layer slides; undefined where the config does not list them. */
export function readLayerTypes(config: ConfigReader, layerCount: number): boolean[] | undefined {
  const types = config.raw.layer_types;
  if (types === undefined || types === null) return undefined;
  const known = ["full_attention", "sliding_attention"];
  if (
    Array.isArray(types) && types.length === layerCount &&
    types.every((type) => known.includes(type))
  ) return types.map((type) => type === "sliding_attention");
  throw config.unsupported(
    "layer_types",
    `It must list ${known.join(" or ")} for each of ${layerCount} layers`,
  );
}

/** The config with a window, and what else is `own` of them, in the layers that slide. */
export function windowed(
  config: ArchitectureConfig,
  window: number | undefined,
  slides: (layer: number) => boolean,
  own: Partial<LayerKind> = {},
): ArchitectureConfig {
  if (window === undefined) return config;
  const sliding: LayerKind = { name: "layer_sliding", window, ...own };
  const layerKinds = Array.from(
    { length: config.layerCount },
    (_, layer) => slides(layer) ? sliding : PLAIN_LAYER,
  );
  return layerKinds.includes(sliding) ? { ...config, layerKinds } : config;
}

/** Qwen's way: only if `use_sliding_window`, the layers from `max_window_layers` on. */
export function readUpperWindow(
  config: ConfigReader,
  decoder: ArchitectureConfig,
): ArchitectureConfig {
  if (!config.flag("use_sliding_window", false)) return decoder;
  const types = readLayerTypes(config, decoder.layerCount);
  const first = Number(config.raw.max_window_layers ?? 28);
  return windowed(decoder, readWindow(config, 4096), (layer) => types?.[layer] ?? layer >= first);
}
