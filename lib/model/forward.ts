/**
 * A row through a model's forward graphs.
 *
 * @module
 */

import { chunked, evalGraph, Graph, modelBytes, type Predictions } from "../onnx/mod.ts";
import {
  type Device,
  floats,
  floatsOf,
  type HostTensor,
  ints,
  openAll,
  Session,
  type Tensors,
} from "../runtime/mod.ts";
import { graphsOf } from "./architectures/table.ts";
import type { ModelConfig } from "./config.ts";
import { type LayerKind, layerKind, layerKinds, ofKinds, PLAIN_LAYER } from "./layer_kind.ts";
import { documentLengths, ropeGrows, rotaryTable } from "./rope.ts";
import { attentionPlan } from "./attention_plan.ts";
import type { PackedRow, RowMarks } from "./row.ts";
import type { Weights } from "./weights.ts";
import { WideRoom } from "./wide_room.ts";

/** Where and how graphs run. */
export interface ForwardOptions {
  /** What graphs run on. @default {"cpu"} */
  device?: Device;
  /** Threads of one operator; 0 is one a core. @default {0} */
  threads?: number;
}

/** Predictions whose logits are computed at once. */
export const HEAD_CHUNK = 256;

/**
 * Weights under the names that a segment's graph gives its inputs, as float32.
 *
 * @param room Where weights in 16 bits are widened to, until it is used again. @default {their own}
 */
export function segmentParameters(
  names: Readonly<Record<string, string>>,
  weights: Weights,
  room: WideRoom = new WideRoom(),
): Record<string, HostTensor> {
  const own = Object.values(names).map((name) => weights.get(name)!);
  const numbers = room.widen(own);
  const inputs = Object.keys(names).map((input, at) =>
    [input, floats(numbers[at], own[at].shape)] as const
  );
  return Object.fromEntries(inputs);
}

/**
 * The angles of a row's tokens, as layers of a kind read them; nothing for layers that know no
 * positions.
 *
 * @param lengths `[tokens]`: the length of each token's sequence, where rotary embedding grows with it.
 */
export function rotaryInputs(
  positions: Int32Array,
  config: ModelConfig,
  kind: LayerKind = PLAIN_LAYER,
  lengths?: Int32Array,
): Record<string, HostTensor> {
  if (kind.rotary === false) return {};
  const { headSize, ropeScaling } = config;
  const { cos, sin } = kind.ropeTheta === undefined
    ? rotaryTable(positions, headSize, config.ropeTheta, { scaling: ropeScaling, lengths })
    : rotaryTable(positions, headSize, kind.ropeTheta);
  const shape = [positions.length, headSize / 2];
  return { cos: floats(cos, shape), sin: floats(sin, shape) };
}

/** What layers of a kind read of a row beside the hidden states. */
export function layerInputs(
  row: RowMarks,
  config: ModelConfig,
  kind: LayerKind = PLAIN_LAYER,
): Record<string, HostTensor> {
  const plan = attentionPlan(row, { window: kind.window });
  const lengths = ropeGrows(config) ? documentLengths(row) : undefined;
  return {
    ...rotaryInputs(row.position, config, kind, lengths),
    blocks: ints(plan.blocks, [plan.blocks.length / 10, 10]),
    near: ints(plan.near, [plan.near.length / 8, 8]),
    tiles: ints(plan.tiles, [plan.tiles.length / 8, 8]),
    masks: floats(plan.masks, [plan.masks.length]),
    longest: ints(plan.longest),
    query_places: ints(plan.queryPlaces),
    key_places: ints(plan.keyPlaces),
    block_places: ints(plan.blockPlaces),
  };
}

/** Which token is predicted from which row, one a prediction. */
export interface PredictionIndices {
  /** `[predictions]`: the row index of the token before. */
  row: ArrayLike<number>;
  /** `[predictions]`: the token that is predicted. */
  target: ArrayLike<number>;
}

/** What the head reads of predictions, under names that begin with `prefix`. */
export function headInputs(
  { row, target }: PredictionIndices,
  prefix = "",
): Record<string, HostTensor> {
  const count = row.length;
  const chunk = Math.ceil(count / Math.max(1, Math.ceil(count / HEAD_CHUNK)));
  return {
    [`${prefix}rows`]: ints(row),
    [`${prefix}targets`]: ints(target),
    [`${prefix}chunk_length`]: ints([Math.max(1, chunk)]),
  };
}

/** Declares what {@linkcode headInputs} gives; `length` is the symbol of how many there are. */
export function predictionInputs(g: Graph, length: string, prefix = ""): Predictions {
  return {
    rows: g.input(`${prefix}rows`, "int64", [length]),
    targets: g.input(`${prefix}targets`, "int64", [length]),
    chunkLength: g.input(`${prefix}chunk_length`, "int64", [1]),
  };
}

/** The graph that ends in the log-probs of a row's predictions. */
function logProbsGraph(config: ModelConfig): Graph {
  const g = new Graph("log_probs");
  const { logProbs } = graphsOf(config).head(g, config);
  const [all] = logProbs(predictionInputs(g, "predictions"));
  g.output("log_probs", all);
  return g;
}

/** Forward sessions of a model: rows in, log-probs out. */
export class RowForward implements AsyncDisposable {
  readonly #config: ModelConfig;
  /** By segment: `embed`, `head`, and each kind of layer. */
  readonly #sessions: Record<string, Session>;

  private constructor(config: ModelConfig, sessions: Record<string, Session>) {
    this.#config = config;
    this.#sessions = sessions;
  }

  /** Makes the forward graphs of a model ready. */
  static async open(config: ModelConfig, options: ForwardOptions = {}): Promise<RowForward> {
    const graphs = graphsOf(config);
    const open = (name: string, g: Graph) => () =>
      Session.open(modelBytes(g), { ...options, name });
    const layers = layerKinds(config).map((kind) =>
      [kind.name, open(kind.name, evalGraph(chunked(graphs.layer(config, kind))))] as const
    );
    const sessions = await openAll({
      embed: open("embed", evalGraph(graphs.embed(config))),
      ...Object.fromEntries(layers),
      head: open("log-probs", logProbsGraph(config)),
    });
    return new RowForward(config, sessions);
  }

  /**
   * Natural log-probability of each of a row's predictions, float32 `[predictions]`.
   */
  async logProbs(
    parameters: Weights,
    row: PackedRow,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    if (row.predictions.row.length === 0) return new Float32Array();
    const config = this.#config;
    const { parameterNames: names } = graphsOf(config);
    const room = new WideRoom();
    const weights = (of: Record<string, string>): Tensors =>
      segmentParameters(of, parameters, room);
    const shared = ofKinds(config, (kind) => layerInputs(row, config, kind));

    const tokens = ints(row.tokens);
    let { hidden } = await this.#sessions.embed.run({ tokens, ...weights(names.embed(config)) });
    for (let layer = 0; layer < config.layerCount; layer++) {
      signal?.throwIfAborted();
      const { name } = layerKind(config, layer);
      const inputs = { input: hidden, ...shared[name], ...weights(names.layer(config, layer)) };
      ({ hidden } = await this.#sessions[name].run(inputs));
    }
    const inputs = {
      input: hidden,
      ...headInputs(row.predictions),
      ...weights(names.head(config)),
    };
    const { log_probs } = await this.#sessions.head.run(inputs);
    return floatsOf(log_probs);
  }

  /** Frees the sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session[Symbol.asyncDispose]();
  }
}
