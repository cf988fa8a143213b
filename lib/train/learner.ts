/**
 * The step: rows in, gradients accumulated, parameters updated.
 *
 * @module
 */

import { UserError } from "../flow/user_error.ts";
import {
  type Adapter,
  layerInputs,
  layerKinds,
  type ModelConfig,
  ofKinds,
  type PackedRow,
  type Parameters,
  segmentParameters,
} from "../model/mod.ts";
import {
  type Aggregation,
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
import { layeredPass, type RowPass, type SegmentRunner, wholePass } from "./row_pass.ts";
import {
  chainNames,
  FIRST_LAYER,
  type Names,
  type SegmentChoice,
  trainingSegments,
  WHOLE,
} from "./segments.ts";

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
  /**
   * What is computed at once: a `layer`, so that little more than the layers' inputs is held and the
   * rest computed twice, or the whole `model`, which takes less time, and memory for everything that is
   * between forward and backward: some 10 KB a token and layer for a hidden size of 128.
   *
   * @default {"layer"}
   */
  segment?: SegmentChoice;
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

/**
 * Sessions by their graph's path: forwards of all segments but the last, backwards of all that learn
 * or pass gradients on.
 */
type Sessions = Record<string, Session>;

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
  readonly #pass: RowPass;
  /** What rows read: the model's weights, and the adapter's. */
  readonly #read: Parameters;

  private constructor(
    { config, parameters, artifacts, objective, weights, adapter }: LearnerState,
    sessions: Sessions,
    pass: RowPass,
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
    this.#pass = pass;
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
    const { device, threads, backend, segment } = options;
    const lora = adapter?.lora;
    const artifacts = options.artifacts ??
      buildArtifacts(trainingSegments(config, objective, aggregation, lora, segment));
    const open = (path: string) => () =>
      Session.open(artifactOf(artifacts, path), { device, threads, backend, name: path });
    const whole = artifacts.has(segmentPaths(WHOLE).training);
    const layers = layerKinds(config).map(({ name }) => name);
    const forward = whole ? [] : ["embed", ...layers];
    const backward = whole ? [WHOLE] : [adapter ? FIRST_LAYER : "embed", ...layers, "head"];
    const paths = [
      ...forward.map((segment) => segmentPaths(segment).eval),
      ...backward.map((segment) => segmentPaths(segment).training),
    ];
    const sessions = await openAll(Object.fromEntries(paths.map((path) => [path, open(path)])));
    const weights = { beta, lambda };
    const state = { config, parameters, artifacts, objective, weights, adapter };
    const names = chainNames(config, lora);
    const pass = whole
      ? wholePass(WHOLE, names)
      : layeredPass(names, adapter ? FIRST_LAYER : undefined);
    return new Learner(state, sessions, pass);
  }

  /**
   * Adds one row's gradients.
   *
   * @param scale One over the number of documents of the whole step.
   */
  async accumulate(row: PackedRow, scale: number, signal?: AbortSignal): Promise<RowResult> {
    const feeds = {
      tokens: ints(row.tokens),
      layers: ofKinds(this.config, (kind) => layerInputs(row, this.config, kind)),
      loss: objectiveInputs(row, this.weights, scale),
    };
    const run: SegmentRunner = {
      forward: (segment, feeds, names) => this.#forward(segment, feeds, names),
      backward: (segment, feeds, names) => this.#backward(segment, feeds, names),
    };
    signal?.throwIfAborted();
    const result = await this.#pass(feeds, run, signal);
    signal?.throwIfAborted();

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
