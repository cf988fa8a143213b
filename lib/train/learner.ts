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
  segmentParameters,
  type Weight,
  type Weights,
  WideRoom,
} from "../model/mod.ts";
import {
  type Aggregation,
  type Objective,
  objectiveInputs,
  type ObjectiveWeights,
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
  type HostTensor,
  ints,
  openAll,
  Session,
  type SessionOptions,
  type Tensors,
} from "../runtime/mod.ts";
import { type ActivationsName, keptStores } from "./kept/stores.ts";
import { RowBuffers } from "./row_buffers.ts";
import { GradientBuffers } from "./gradient_buffers.ts";
import { type GradientTaker, handingOver, readersOf } from "./hand_over.ts";
import {
  layeredPass,
  type PassMemory,
  type RowPass,
  type RunSegment,
  type SegmentRunner,
  wholePass,
} from "./row_pass.ts";
import { type RowResult, rowResult } from "./row_result.ts";
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
  /**
   * Where layers' inputs and what attention gave are between forward and backward: in `memory`, on
   * `disk`, or there in 16 bits (`disk16`). A whole model at once keeps none.
   *
   * @default {"memory"}
   */
  activations?: ActivationsName;
  /** The file of activations that are on disk. @default {one in the system's temporary folder} */
  activationsFile?: string;
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

/** What a learner computes with. */
interface LearnerMeans {
  sessions: Sessions;
  pass: RowPass;
  memory: PassMemory;
  /** Segments that read each parameter. */
  readers: ReadonlyMap<string, number>;
}

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
  readonly parameters: Weights;
  /** What learns in place of them; a step changes it. */
  readonly adapter?: Adapter;
  /** The weights that learn: an optimiser changes them in place. */
  readonly learning: Weights;
  /** The graphs, to be written for people to look at. */
  readonly artifacts: ArtifactFiles;
  /** The loss. */
  readonly objective: Objective;
  /** The numbers of the loss. */
  readonly weights: ObjectiveWeights;
  readonly #sessions: Sessions;
  readonly #pass: RowPass;
  readonly #memory: PassMemory;
  readonly #gradients: GradientBuffers;
  /** Segments that read each parameter. */
  readonly #readers: ReadonlyMap<string, number>;
  /** What rows read: the model's weights, and the adapter's. */
  readonly #read: Weights;
  /** Where the weights in 16 bits of the segment that runs are float32. */
  readonly #room = new WideRoom();

  private constructor(
    { config, parameters, artifacts, objective, weights, adapter }: LearnerState,
    { sessions, pass, readers, memory }: LearnerMeans,
  ) {
    this.config = config;
    this.parameters = parameters;
    this.artifacts = artifacts;
    this.objective = objective;
    this.weights = weights;
    this.adapter = adapter;
    this.learning = adapter?.parameters ?? parameters;
    this.#read = adapter
      ? new Map<string, Weight>([...parameters, ...adapter.parameters])
      : parameters;
    this.#sessions = sessions;
    this.#pass = pass;
    this.#gradients = new GradientBuffers(this.learning);
    this.#readers = readers;
    this.#memory = memory;
  }

  /** Builds (or takes) the training artifacts of a model and makes them ready. */
  static async open(
    config: ModelConfig,
    parameters: Weights,
    options: LearnerOptions,
  ): Promise<Learner> {
    const { objective, aggregation = "sum", beta = 0.1, lambda = 0.01, adapter } = options;
    const { device, threads, backend, segment, activations = "memory" } = options;
    const lora = adapter?.lora;
    const artifacts = options.artifacts ??
      buildArtifacts(trainingSegments(config, objective, aggregation, lora, segment));
    const open = (path: string) => () =>
      Session.open(artifactOf(artifacts, path), { device, threads, backend, name: path });
    const whole = artifacts.has(segmentPaths(WHOLE).training);
    if (whole && activations !== "memory") {
      throw new UserError(`A model that is one segment keeps no activations on ${activations}`, {
        hint: "leave segment out, or activations",
      });
    }
    const layers = layerKinds(config).map(({ name }) => name);
    const forward = whole ? [] : ["embed", ...layers];
    const backward = whole ? [WHOLE] : [adapter ? FIRST_LAYER : "embed", ...layers, "head"];
    const paths = [
      ...forward.map((segment) => segmentPaths(segment).eval),
      ...backward.map((segment) => segmentPaths(segment).training),
    ];
    const buffers = new RowBuffers();
    const { kept, ...sessions } = await openAll({
      ...Object.fromEntries(paths.map((path) => [path, open(path)])),
      kept: () => keptStores[activations]({ buffers, file: options.activationsFile }),
    });
    const weights = { beta, lambda };
    const state = { config, parameters, artifacts, objective, weights, adapter };
    const names = chainNames(config, lora);
    const pass = whole
      ? wholePass(WHOLE, names)
      : layeredPass(names, { kept, buffers }, adapter ? FIRST_LAYER : undefined);
    const means = { sessions, pass, memory: { kept, buffers }, readers: readersOf(names, whole) };
    return new Learner(state, means);
  }

  /** Gradients summed since the last {@linkcode clear}, by parameter name. */
  get gradients(): Map<string, Float32Array<ArrayBuffer>> {
    return this.#gradients.all;
  }

  /**
   * Adds one row's gradients.
   *
   * @param scale One over the number of documents of the whole step.
   * @param taker Given, while the row is on its way, gradients that nothing more is added to, where
   * the row is the last of its step; they are no longer among {@linkcode gradients} then. The row
   * cannot be aborted from there on.
   */
  async accumulate(
    row: PackedRow,
    scale: number,
    signal?: AbortSignal,
    taker?: GradientTaker,
  ): Promise<RowResult> {
    const feeds = {
      tokens: ints(row.tokens),
      layers: ofKinds(this.config, (kind) => layerInputs(row, this.config, kind)),
      loss: objectiveInputs(row, this.weights, scale),
    };
    const backward: RunSegment = (segment, feeds, names) => this.#backward(segment, feeds, names);
    const run: SegmentRunner = {
      forward: (segment, feeds, names) => {
        signal?.throwIfAborted();
        return this.#forward(segment, feeds, names);
      },
      backward: taker ? handingOver(backward, this.#gradients, this.#readers, taker) : backward,
    };
    signal?.throwIfAborted();
    const result = rowResult(await this.#pass(feeds, run, taker ? undefined : signal));
    if (!taker) signal?.throwIfAborted();
    return result;
  }

  /** Sets all gradients to zero. */
  clear(): void {
    this.#gradients.clear();
  }

  #given(names: Names): Tensors {
    return segmentParameters(names, this.#read, this.#room);
  }

  /** Runs a segment's forward graph. */
  #forward(segment: string, feeds: Tensors, names: Names): Promise<Record<string, HostTensor>> {
    const session = this.#sessions[segmentPaths(segment).eval];
    return session.run({ ...feeds, ...this.#given(names) }, {}, this.#memory.buffers.make);
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
      const buffer = floats(this.#gradients.of(name), parameter.shape);
      buffers[accumulationBuffer(input)] = buffer;
      into[accumulationOut(input)] = buffer;
    }
    const session = this.#sessions[segmentPaths(segment).training];
    const all = { ...feeds, ...this.#given(names), ...buffers };
    return await session.run(all, into, this.#memory.buffers.make);
  }

  /** Frees the sessions; parameters and gradients stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session[Symbol.asyncDispose]();
    await this.#memory.kept[Symbol.asyncDispose]();
  }
}
