/**
 * The step: rows in, gradients accumulated, parameters updated.
 *
 * @module
 */

import { UserError } from "../flow/user_error.ts";
import {
  adaptedLayer,
  type Adapter,
  adapterNames,
  graphsOf,
  layerInputs,
  layerKind,
  layerKinds,
  type LoraConfig,
  type ModelConfig,
  ofKinds,
  type PackedRow,
  type Parameters,
  segmentParameters,
} from "../model/mod.ts";
import {
  type Aggregation,
  headSegment,
  type Objective,
  objectiveInputs,
  type ObjectiveWeights,
  type TurnLogProbs,
} from "../objective/mod.ts";
import {
  accumulationBuffer,
  accumulationOut,
  type ArtifactFiles,
  buildArtifacts,
  frozen,
  gradientName,
  leading,
  type Segment,
  segmentPaths,
} from "../onnx/mod.ts";
import {
  floats,
  floatsOf,
  type HostTensor,
  ints,
  openAll,
  Session,
  type SessionOptions,
  type Tensors,
} from "../runtime/mod.ts";

/** What is learned, and how it is computed. */
export interface LearnerOptions extends SessionOptions, Partial<ObjectiveWeights> {
  /** The loss. */
  objective: Objective;
  /** How the turns of a document become one preference. @default {"sum"} */
  aggregation?: Aggregation;
  /** Artifacts read from a folder; built here where there are none. */
  artifacts?: ArtifactFiles;
  /** Learns in place of the model's own weights, which stay as they are. @default {none} */
  adapter?: Adapter;
}

/** What one row's forward and backward gave; sums over its documents times the scale. */
export interface RowResult {
  /** What is minimised. */
  loss: number;
  /** The NLL term, in nats a token. */
  nll: number;
  /** The preference term before its weight; absent where the objective has none. */
  preference?: number;
  /** Policy log-probs, `[turns]` each. */
  logProbs: TurnLogProbs;
}

/** The first layer where its backward is not that of the others. */
const FIRST_LAYER = "first_layer";

/**
 * The chain of segments that a model and an objective make.
 *
 * @param lora Where only adapters learn, nothing does before the first layer, whose backward ends
 * there.
 */
export function trainingSegments(
  config: ModelConfig,
  objective: Objective,
  aggregation: Aggregation,
  lora?: LoraConfig,
): Segment[] {
  const graphs = graphsOf(config);
  const embed = graphs.embed(config);
  const head = headSegment(config, objective, aggregation);
  const kinds = layerKinds(config);
  if (!lora) return [embed, ...kinds.map((kind) => graphs.layer(config, kind)), head];
  const first = adaptedLayer(config, lora, layerKind(config, 0));
  const layers = kinds.map((kind) => adaptedLayer(config, lora, kind));
  return [frozen(embed), leading(first, FIRST_LAYER), ...layers, frozen(head)];
}

/**
 * Sessions by their graph's path: forwards of all segments but the last, backwards of all that learn
 * or pass gradients on.
 */
type Sessions = Record<string, Session>;

type Names = Record<string, string>;

/** What a learner holds beside its sessions. */
type LearnerState = Pick<
  Learner,
  "config" | "parameters" | "artifacts" | "objective" | "weights" | "adapter"
>;

function artifactOf(artifacts: ArtifactFiles, path: string): Uint8Array {
  const bytes = artifacts.get(path);
  if (bytes === undefined) throw new UserError(`There is no ${path} among the training artifacts`);
  return bytes;
}

/** A model under training: parameters, their gradients so far, and the graphs. */
export class Learner implements AsyncDisposable {
  /** The policy's config, with the RoPE base that it is trained with. */
  readonly config: ModelConfig;
  /** The model's weights. */
  readonly parameters: Parameters;
  /** What learns in place of them; a step changes it. */
  readonly adapter?: Adapter;
  /** The weights that learn: an optimiser changes them in place. */
  readonly learning: Parameters;
  /** Gradients summed since the last {@linkcode clear}, by parameter name. */
  readonly gradients: Map<string, Float32Array<ArrayBuffer>>;
  /** The graphs, to be written for people to look at. */
  readonly artifacts: ArtifactFiles;
  /** The loss. */
  readonly objective: Objective;
  /** The numbers of the loss. */
  readonly weights: ObjectiveWeights;
  readonly #sessions: Sessions;
  /** What rows read: the model's weights, and the adapter's. */
  readonly #read: Parameters;

  private constructor(
    { config, parameters, artifacts, objective, weights, adapter }: LearnerState,
    sessions: Sessions,
  ) {
    this.config = config;
    this.parameters = parameters;
    this.artifacts = artifacts;
    this.objective = objective;
    this.weights = weights;
    this.adapter = adapter;
    this.learning = adapter?.parameters ?? parameters;
    this.#read = adapter ? new Map([...parameters, ...adapter.parameters]) : parameters;
    this.#sessions = sessions;
    this.gradients = new Map(
      [...this.learning].map(([name, { data }]) => [name, new Float32Array(data.length)]),
    );
  }

  /** Builds (or takes) the training artifacts of a model and makes them ready. */
  static async open(
    config: ModelConfig,
    parameters: Parameters,
    options: LearnerOptions,
  ): Promise<Learner> {
    const { objective, aggregation = "sum", beta = 0.1, lambda = 0.01, adapter } = options;
    const { device, threads, backend } = options;
    const artifacts = options.artifacts ??
      buildArtifacts(trainingSegments(config, objective, aggregation, adapter?.lora));
    const open = (path: string) => () =>
      Session.open(artifactOf(artifacts, path), { device, threads, backend, name: path });
    const layers = layerKinds(config).map(({ name }) => name);
    const paths = [
      ...["embed", ...layers].map((segment) => segmentPaths(segment).eval),
      ...[adapter ? FIRST_LAYER : "embed", ...layers, "head"]
        .map((segment) => segmentPaths(segment).training),
    ];
    const sessions = await openAll(Object.fromEntries(paths.map((path) => [path, open(path)])));
    const weights = { beta, lambda };
    const state = { config, parameters, artifacts, objective, weights, adapter };
    return new Learner(state, sessions);
  }

  /**
   * Adds one row's gradients: forward with little more than the layers' inputs kept, then backward.
   *
   * @param scale One over the number of documents of the whole step.
   */
  async accumulate(row: PackedRow, scale: number, signal?: AbortSignal): Promise<RowResult> {
    const { config } = this;
    const { parameterNames: names } = graphsOf(config);
    const shared = ofKinds(config, (kind) => layerInputs(row, config, kind));
    const tokens = ints(row.tokens);

    const kept: Tensors[] = [];
    const embedNames = names.embed(config);
    let { hidden } = await this.#forward("embed", { tokens }, embedNames);
    for (let layer = 0; layer < config.layerCount; layer++) {
      signal?.throwIfAborted();
      const input = hidden;
      const { name } = layerKind(config, layer);
      const feeds = { input, ...shared[name] };
      const outputs = await this.#forward(name, feeds, this.#layerNames(layer));
      const { hidden: next, ...rest } = outputs;
      kept.push({ input, ...rest });
      hidden = next;
    }

    const headFeeds = { input: hidden, ...objectiveInputs(row, this.weights, scale) };
    const result = await this.#backward("head", headFeeds, names.head(config));
    let gradient = result[gradientName("input")];
    for (let layer = config.layerCount - 1; layer >= 0; layer--) {
      signal?.throwIfAborted();
      const { name } = layerKind(config, layer);
      const feeds = { ...kept.pop(), ...shared[name], [gradientName("hidden")]: gradient };
      const segment = this.adapter && layer === 0 ? FIRST_LAYER : name;
      const given = await this.#backward(segment, feeds, this.#layerNames(layer));
      gradient = given[gradientName("input")];
    }
    if (!this.adapter) {
      const embedFeeds = { tokens, [gradientName("hidden")]: gradient };
      await this.#backward("embed", embedFeeds, embedNames);
    }

    const scalar = (name: string) => floatsOf(result[name])[0];
    return {
      loss: scalar("loss"),
      nll: scalar("nll"),
      ...(result.preference ? { preference: scalar("preference") } : {}),
      logProbs: {
        chosen: floatsOf(result.logps_chosen),
        rejected: floatsOf(result.logps_rejected),
      },
    };
  }

  /** Sets all gradients to zero. */
  clear(): void {
    for (const gradient of this.gradients.values()) gradient.fill(0);
  }

  /** Inputs of a layer's graphs that are weights, adapters among them. */
  #layerNames(layer: number): Names {
    const { config, adapter } = this;
    const names = graphsOf(config).parameterNames.layer(config, layer);
    return adapter ? { ...names, ...adapterNames(config, adapter.lora, layer) } : names;
  }

  #given(names: Names): Tensors {
    return segmentParameters(names, this.#read);
  }

  /** Runs a segment's forward graph. */
  #forward(segment: string, feeds: Tensors, names: Names): Promise<Record<string, HostTensor>> {
    return this.#sessions[segmentPaths(segment).eval].run({ ...feeds, ...this.#given(names) });
  }

  /** Runs a segment's training graph; parameters' gradients are added where they are kept. */
  async #backward(
    segment: string,
    feeds: Tensors,
    names: Names,
  ): Promise<Record<string, HostTensor>> {
    const buffers: Record<string, HostTensor> = {};
    const into: Record<string, HostTensor> = {};
    for (const [input, name] of Object.entries(names)) {
      const parameter = this.learning.get(name);
      if (!parameter) continue;
      const buffer = floats(this.gradients.get(name)!, parameter.shape);
      buffers[accumulationBuffer(input)] = buffer;
      into[accumulationOut(input)] = buffer;
    }
    const session = this.#sessions[segmentPaths(segment).training];
    return await session.run({ ...feeds, ...this.#given(names), ...buffers }, into);
  }

  /** Frees the sessions; parameters and gradients stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session[Symbol.asyncDispose]();
  }
}
