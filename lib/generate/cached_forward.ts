/**
 * New tokens through a model, after those in a cache.
 *
 * @module
 */

import {
  type ForwardOptions,
  graphsOf,
  layerKind,
  layerKinds,
  type ModelConfig,
  ofKinds,
  type Parameters,
  rotaryInputs,
  segmentParameters,
} from "../model/mod.ts";
import { evalGraph, type Graph, modelBytes } from "../onnx/mod.ts";
import { floats, floatsOf, ints, openAll, Session, type Tensors } from "../runtime/mod.ts";
import type { KeyValueCache } from "./key_value_cache.ts";
import type { TokenRow } from "./token_row.ts";

/** A model's weights, as its sessions take them. */
export interface ForwardWeights {
  embed: Tensors;
  layers: Tensors[];
  head: Tensors;
}

/** Gives every session its weights; they are read, not copied, at every run. */
export function forwardWeights(config: ModelConfig, parameters: Parameters): ForwardWeights {
  const { parameterNames: names } = graphsOf(config);
  const weights = (of: Record<string, string>) => segmentParameters(of, parameters);
  return {
    embed: weights(names.embed(config)),
    layers: Array.from(
      { length: config.layerCount },
      (_, layer) => weights(names.layer(config, layer)),
    ),
    head: weights(names.head(config)),
  };
}

/** How new tokens are computed. */
export interface HiddenOptions {
  /** The first token in the cache that any of the new ones may see. @default {0} */
  since?: number;
  /** `[tokens]`: the length of each token's sequence, where rotary embedding grows with it. */
  lengths?: Int32Array;
  /** Stops between two layers. */
  signal?: AbortSignal;
}

/** Sessions that compute new tokens after those in a cache. */
export class CachedForward implements AsyncDisposable {
  readonly #config: ModelConfig;
  /** `embed`, `logits`, and each kind of layer. */
  readonly #sessions: Record<string, Session>;

  private constructor(config: ModelConfig, sessions: Record<string, Session>) {
    this.#config = config;
    this.#sessions = sessions;
  }

  /** Makes the graphs ready. */
  static async open(config: ModelConfig, options: ForwardOptions = {}): Promise<CachedForward> {
    const graphs = graphsOf(config);
    const open = (name: string, g: Graph) => () =>
      Session.open(modelBytes(g), { ...options, name });
    const layers = layerKinds(config).map((kind) =>
      [kind.name, open(`cached ${kind.name}`, graphs.cachedLayer(config, kind))] as const
    );
    const sessions = await openAll({
      embed: open("embed", evalGraph(graphs.embed(config))),
      ...Object.fromEntries(layers),
      logits: open("logits", graphs.logits(config)),
    });
    return new CachedForward(config, sessions);
  }

  /**
   * Computes new tokens and puts their keys and values into the cache.
   *
   * @returns float32 `[new tokens, hidden]`, out of the last layer.
   */
  async hidden(
    weights: ForwardWeights,
    cache: KeyValueCache,
    row: TokenRow,
    { since = 0, lengths, signal }: HiddenOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    const count = row.tokens.length;
    const config = this.#config;
    cache.extend(row);
    const shared = ofKinds(config, (kind) => ({
      ...rotaryInputs(row.position, config, kind, lengths),
      ...cache.marks(count, since, kind),
    }));
    const tokens = ints(row.tokens);
    let { hidden } = await this.#sessions.embed.run({ tokens, ...weights.embed });
    for (const [layer, layerWeights] of weights.layers.entries()) {
      signal?.throwIfAborted();
      const past = cache.past(layer, count, since);
      const { name } = layerKind(config, layer);
      const inputs = { input: hidden, ...shared[name], ...past, ...layerWeights };
      const outputs = await this.#sessions[name].run(inputs);
      cache.put(layer, count, floatsOf(outputs.keys), floatsOf(outputs.values));
      hidden = outputs.hidden;
    }
    return floatsOf(hidden);
  }

  /** float32 `[rows, vocabulary]` of hidden states `[rows, hidden]`. */
  async logits(
    weights: ForwardWeights,
    hidden: Float32Array<ArrayBuffer>,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { hiddenSize } = this.#config;
    const input = floats(hidden, [hidden.length / hiddenSize, hiddenSize]);
    const { logits } = await this.#sessions.logits.run({ input, ...weights.head });
    return floatsOf(logits);
  }

  /** Frees the sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session[Symbol.asyncDispose]();
  }
}
