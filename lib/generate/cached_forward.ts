/**
 * New tokens through a model, after those in a cache.
 *
 * @module
 */

import {
  type CachedGraphOptions,
  type ForwardOptions,
  graphsOf,
  layerKind,
  layerKinds,
  type ModelConfig,
  rotaryInputs,
  segmentParameters,
  type Weights,
  widened,
} from "../model/mod.ts";
import { evalGraph, type Graph, modelBytes } from "../onnx/mod.ts";
import { floats, floatsOf, ints, Session, type Tensors } from "../runtime/mod.ts";
import type { KeyValueCache } from "./key_value_cache.ts";
import { SizedSession } from "./sized_session.ts";
import type { TokenRow } from "./token_row.ts";

/** A model's weights, as its sessions take them. */
export interface ForwardWeights {
  embed: Tensors;
  layers: Tensors[];
  head: Tensors;
}

/**
 * Gives every session its weights; those in float32 are read, not copied, at every run, of others
 * copies are made now.
 */
export function forwardWeights(config: ModelConfig, given: Weights): ForwardWeights {
  const { parameterNames: names } = graphsOf(config);
  const parameters = widened(given);
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

/** Logits of some tokens. */
export interface Logits {
  /** float32 `[rows, vocabulary]` */
  logits: Float32Array<ArrayBuffer>;
  /** float32 `[rows]`: log of the sum of e^logit. */
  normalisers: Float32Array<ArrayBuffer>;
}

/** What computes new tokens, part by part. */
interface ForwardSessions {
  embed: Session;
  logits: SizedSession;
  /** By kind of layer. */
  visibility: Record<string, Session>;
  /** By kind of layer. */
  layers: Record<string, SizedSession>;
}

/** Sessions that compute new tokens after those in a cache. */
export class CachedForward implements AsyncDisposable {
  readonly #config: ModelConfig;
  readonly #sessions: ForwardSessions;
  readonly #opened: AsyncDisposableStack;

  private constructor(
    config: ModelConfig,
    sessions: ForwardSessions,
    opened: AsyncDisposableStack,
  ) {
    this.#config = config;
    this.#sessions = sessions;
    this.#opened = opened;
  }

  /** Makes the graphs ready. */
  static async open(config: ModelConfig, options: ForwardOptions = {}): Promise<CachedForward> {
    await using opening = new AsyncDisposableStack();
    const graphs = graphsOf(config);
    const open = async (name: string, g: Graph) =>
      opening.use(await Session.open(modelBytes(g), { ...options, name }));
    const openSized = async (name: string, graph: (options: CachedGraphOptions) => Graph) =>
      opening.use(await SizedSession.open(graph, { ...options, name }));
    const sessions: ForwardSessions = {
      embed: await open("embed", evalGraph(graphs.embed(config))),
      logits: await openSized("logits", (options) => graphs.logits(config, options)),
      visibility: {},
      layers: {},
    };
    for (const kind of layerKinds(config)) {
      const { name } = kind;
      sessions.visibility[name] = await open(`visibility ${name}`, graphs.visibility(kind));
      sessions.layers[name] = await openSized(
        `cached ${name}`,
        (options) => graphs.cachedLayer(config, kind, options),
      );
    }
    return new CachedForward(config, sessions, opening.move());
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
    const sessions = this.#sessions;
    const shared: Record<string, Tensors> = {};
    for (const kind of layerKinds(config)) {
      const { bias } = await sessions.visibility[kind.name].run(cache.marks(count, since, kind));
      shared[kind.name] = { ...rotaryInputs(row.position, config, kind, lengths), bias };
    }
    const tokens = ints(row.tokens);
    let { hidden } = await sessions.embed.run({ tokens, ...weights.embed });
    for (const [layer, layerWeights] of weights.layers.entries()) {
      signal?.throwIfAborted();
      const past = cache.past(layer, count, since);
      const { name } = layerKind(config, layer);
      const inputs = { input: hidden, ...shared[name], ...past, ...layerWeights };
      const outputs = await sessions.layers[name].run(count, inputs);
      cache.put(layer, count, floatsOf(outputs.keys), floatsOf(outputs.values));
      hidden = outputs.hidden;
    }
    return floatsOf(hidden);
  }

  /** Logits of hidden states `[rows, hidden]`. */
  async logits(weights: ForwardWeights, hidden: Float32Array<ArrayBuffer>): Promise<Logits> {
    const { hiddenSize } = this.#config;
    const rows = hidden.length / hiddenSize;
    const inputs = { input: floats(hidden, [rows, hiddenSize]), ...weights.head };
    const { logits, normalisers } = await this.#sessions.logits.run(rows, inputs);
    return { logits: floatsOf(logits), normalisers: floatsOf(normalisers) };
  }

  /** Frees the sessions. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}
