/**
 * What blocks of a model build in: a graph, the model's numbers, and weights to be declared.
 *
 * @module
 */

import { type Graph, linear, type Value } from "../../onnx/mod.ts";
import type { ModelConfig } from "../model_config.ts";

/** What multiplies rows `[tokens, in]` with a weight `[out, in]`: `[tokens, out]`. */
export type Linear = (g: Graph, x: Value, weight: Value) => Value;

/** A segment's graph under construction. */
export class Scope {
  /** What blocks add nodes to. */
  readonly g: Graph;
  /** The model's numbers. */
  readonly config: ModelConfig;
  /** What multiplies rows with weights. */
  readonly linear: Linear;
  /** The weights declared so far. */
  readonly parameters: Value[] = [];

  /** Nothing is declared yet. */
  constructor(g: Graph, config: ModelConfig, multiply: Linear = linear) {
    this.g = g;
    this.config = config;
    this.linear = multiply;
  }

  /** Declares a weight, named within its layer as Hugging Face names it. */
  weight(name: string, ...shape: number[]): Value {
    const value = this.g.input(name, "float32", shape);
    this.parameters.push(value);
    return value;
  }
}

/** Cosines and sines of a row's angles, `[tokens, head size / 2]`. */
export interface Angles {
  /** Cosines. */
  cos: Value;
  /** Sines. */
  sin: Value;
}

/** What attends in a layer: queries, keys and values `[tokens, size]` become mixed values like q. */
export type Attend = (q: Value, k: Value, v: Value) => Value;

/** A decoder layer's graph under construction: whole rows and cached tokens alike. */
export class LayerScope extends Scope {
  /** How positions turn queries and keys; absent in layers that know no positions. */
  readonly angles?: Angles;
  /** What attends: blockwise over a row, or to a cache. */
  readonly attend: Attend;

  /** Nothing is declared yet but the layer's inputs. */
  constructor(
    g: Graph,
    config: ModelConfig,
    attend: Attend,
    angles?: Angles,
    multiply?: Linear,
  ) {
    super(g, config, multiply);
    this.attend = attend;
    this.angles = angles;
  }
}
