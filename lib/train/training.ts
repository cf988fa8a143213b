/**
 * A training run: a copy of a model's weights, its learner and its optimiser.
 *
 * @module
 */

import type { Batch } from "../data/mod.ts";
import type { Stage } from "../flow/mod.ts";
import {
  type Adapter,
  dtypeOf,
  mergeAdapter,
  type Model,
  type ModelConfig,
  type Weight,
  withRopeTheta,
} from "../model/mod.ts";
import { AdamW, type AdamWOptions } from "./adamw.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { Learner, type LearnerOptions } from "./learner.ts";
import { optimise, type OptimiseOptions } from "./optimise.ts";
import { PlanCheck } from "./plan/plan_check.ts";
import type { Rates } from "./plan/rates.ts";
import type { Schedule } from "./schedule.ts";
import type { StepMetrics } from "./train_step.ts";

/** What a run trains, on what terms. */
export interface TrainingOptions extends LearnerOptions {
  /**
   * The start; its weights stay as they are, unless they are taken over, and so do an adapter's. Where
   * it holds them in 16 bits (`dtype` of `loadModel`), the policy does too: a segment's are float32
   * while it is computed, and an update is rounded up or down by chance.
   */
  model: Model;
  /** Trains the start's own weights: nobody reads them as they were any more. @default {false} */
  takeOver?: boolean;
  /** The policy's RoPE base. @default {the model's own} */
  ropeTheta?: number;
  /** The learning rate of each step, and how many there are. */
  schedule: Schedule;
  /** The optimiser's numbers. */
  adamW?: AdamWOptions;
  /** The machine's rates: with them the steps' time is compared with the plan, as memory always is. */
  rates?: Rates;
  /** Where to keep checkpoints; one that is there already is gone on from. */
  checkpoint?: OptimiseOptions["checkpoint"];
}

/** A training run over a stream of batches. */
export class Training implements AsyncDisposable {
  readonly #options: TrainingOptions;
  readonly #check?: PlanCheck;
  /** The policy's parameters and their gradients. */
  readonly learner: Learner;
  /** The optimiser with its moments. */
  readonly optimizer: AdamW;
  /** Metrics of the steps that a checkpoint has behind it. */
  readonly done: readonly StepMetrics[];

  private constructor(
    options: TrainingOptions,
    { learner, optimizer, done }: Pick<Training, "learner" | "optimizer" | "done">,
    check?: PlanCheck,
  ) {
    this.#options = options;
    this.#check = check;
    this.learner = learner;
    this.optimizer = optimizer;
    this.done = done;
  }

  /** Makes everything ready, from the checkpoint where there is one. */
  static async open(options: TrainingOptions): Promise<Training> {
    const { model, ropeTheta = model.config.ropeTheta, checkpoint, device, threads } = options;
    const config = withRopeTheta(model.config, ropeTheta);
    const check = planCheckOf(options, config);
    // What does not learn is read from where it is.
    const adapter = options.adapter && copyOf(options.adapter);
    const asTheyAre = adapter !== undefined || options.takeOver;
    const parameters = asTheyAre ? model.parameters : copies(model.parameters);
    await using opening = new AsyncDisposableStack();
    const learner = opening.use(await Learner.open(config, parameters, { ...options, adapter }));
    const session = { device, threads };
    const optimizer = opening.use(
      await AdamW.open(learner.artifacts, learner.learning, options.adamW, session),
    );
    const done = checkpoint && await isFile(checkpoint.path)
      ? await loadCheckpoint(checkpoint.path, learner.learning, optimizer, checkpoint.run)
      : [];
    opening.move();
    return new Training(options, { learner, optimizer, done }, check);
  }

  /** The stage that trains, and tells of the steps done before: see {@linkcode optimise}. */
  optimise(): Stage<Batch, StepMetrics> {
    const { schedule, checkpoint } = this.#options;
    const { learner, optimizer, done } = this;
    const check = this.#check;
    return optimise({ learner, optimizer, done, check, schedule, checkpoint });
  }

  /**
   * The model with the weights and the RoPE base as they are now; where an adapter learns, it is
   * merged into copies of the weights that it adapts.
   */
  get policy(): Model {
    const { config, parameters, adapter } = this.learner;
    const merged = adapter ? mergeAdapter(parameters, adapter) : parameters;
    return { ...this.#options.model, config, parameters: merged };
  }

  /** The adapter as it is now, where one learns. */
  get adapter(): Adapter | undefined {
    return this.learner.adapter;
  }

  /** Frees the sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.optimizer[Symbol.asyncDispose]();
    await this.learner[Symbol.asyncDispose]();
  }
}

/** What holds the run against its plan; there is none for models that are one segment. */
function planCheckOf(options: TrainingOptions, config: ModelConfig): PlanCheck | undefined {
  const { model, adapter, activations, rates, segment, takeOver, device, adamW = {} } = options;
  if (segment === "model") return undefined;
  const { moments, maxGradientNorm = 1 } = adamW;
  const [dtype, clips] = [dtypeOf(model.parameters), maxGradientNorm < Infinity];
  const learning = { dtype, lora: adapter?.lora, moments, activations, clips };
  return new PlanCheck({ config, rates, learning, device, takesOver: takeOver && !adapter });
}

function copies<W extends Weight>(weights: ReadonlyMap<string, W>): Map<string, W> {
  return new Map([...weights].map(([name, one]) => [name, { ...one, data: one.data.slice() }]));
}

function copyOf({ lora, parameters }: Adapter): Adapter {
  return { lora, parameters: copies(parameters) };
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
