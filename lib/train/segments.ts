/**
 * The chain of segments of a training, and what their inputs are called in the model.
 *
 * @module
 */

import {
  adaptedLayer,
  adapterNames,
  graphsOf,
  layerKind,
  layerKinds,
  type LoraConfig,
  type ModelConfig,
} from "../model/mod.ts";
import { type Aggregation, headSegment, type Objective } from "../objective/mod.ts";
import { chain, chunked, frozen, leading, type Segment } from "../onnx/mod.ts";

/** The first layer where its backward is not that of the others. */
export const FIRST_LAYER = "first_layer";

/** The whole model, where it is one segment. */
export const WHOLE = "model";

/** What is computed at once; see `LearnerOptions`. */
export type SegmentChoice = "layer" | "model";

/** Parameter names by the names of a graph's inputs. */
export type Names = Readonly<Record<string, string>>;

/** Parameter names of every segment of a model. */
export interface ChainNames {
  /** The embedding's. */
  embed: Names;
  /** One a layer, with the name of its kind. */
  layers: readonly { kind: string; names: Names }[];
  /** The head's. */
  head: Names;
}

/** Which input of which segment is which parameter, adapters among them. */
export function chainNames(config: ModelConfig, lora?: LoraConfig): ChainNames {
  const { parameterNames: names } = graphsOf(config);
  const layers = Array.from({ length: config.layerCount }, (_, layer) => ({
    kind: layerKind(config, layer).name,
    names: {
      ...names.layer(config, layer),
      ...(lora ? adapterNames(config, lora, layer) : {}),
    },
  }));
  return { embed: names.embed(config), layers, head: names.head(config) };
}

/** What a whole model's graph calls an input that layers of a kind read of a row. */
export function ofKind(kind: string, input: string): string {
  return `${kind}.${input}`;
}

/**
 * The chain of segments that a model and an objective make.
 *
 * @param lora Where only adapters learn, nothing does before the first layer, whose backward ends
 * there.
 * @param choice Whether the chain has a segment a kind of layer, or is one segment.
 */
export function trainingSegments(
  config: ModelConfig,
  objective: Objective,
  aggregation: Aggregation,
  lora?: LoraConfig,
  choice: SegmentChoice = "layer",
): Segment[] {
  const graphs = graphsOf(config);
  const learns = (segment: Segment) => lora ? frozen(segment) : segment;
  const embed = learns(graphs.embed(config));
  const head = learns(headSegment(config, objective, aggregation));
  const kinds = new Map(
    layerKinds(config).map((kind) => [
      kind.name,
      lora ? adaptedLayer(config, lora, kind) : graphs.layer(config, kind),
    ]),
  );
  if (choice === "layer") {
    const layers = [...kinds.values()].map((layer) => chunked(layer));
    const first = kinds.get(layerKind(config, 0).name)!;
    return [embed, ...(lora ? [leading(chunked(first), FIRST_LAYER)] : []), ...layers, head];
  }
  const names = chainNames(config, lora);
  const links = names.layers.map(({ kind, names }) => ({
    segment: kinds.get(kind)!,
    rename: (name: string) => names[name] ?? ofKind(kind, name),
  }));
  return [chain(WHOLE, [
    { segment: embed, rename: (name) => names.embed[name] ?? name },
    ...links,
    { segment: head, rename: (name) => names.head[name] ?? name },
  ])];
}
