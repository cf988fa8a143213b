/**
 * What tells a model's layers from each other.
 *
 * @module
 */

import type { ModelConfig } from "./model_config.ts";

/** Layers of one kind share their graphs; only their weights differ. */
export interface LayerKind {
  /** Names the graphs of such layers: `layer` where all are alike. */
  readonly name: string;
  /** Whether queries and keys are turned by their positions. @default {true} */
  readonly rotary?: boolean;
  /** Base of such layers' rotary embedding, unscaled, where it is not the model's. */
  readonly ropeTheta?: number;
  /** How many tokens a query sees, itself included; all before it where absent. */
  readonly window?: number;
}

/** The kind of layers that see everything and turn by position: all layers of most models. */
export const PLAIN_LAYER: LayerKind = { name: "layer" };

/** The kind of a layer, counted from 0. */
export function layerKind(config: ModelConfig, layer: number): LayerKind {
  return config.layerKinds?.[layer] ?? PLAIN_LAYER;
}

/** The kinds of a model's layers, each once, in the order in which they come. */
export function layerKinds(config: ModelConfig): LayerKind[] {
  const kinds = new Map<string, LayerKind>();
  for (const kind of config.layerKinds ?? [PLAIN_LAYER]) kinds.set(kind.name, kind);
  return [...kinds.values()];
}

/** Something for each kind of a model's layers, by the kind's name. */
export function ofKinds<Made>(
  config: ModelConfig,
  make: (kind: LayerKind) => Made,
): Record<string, Made> {
  return Object.fromEntries(layerKinds(config).map((kind) => [kind.name, make(kind)]));
}
