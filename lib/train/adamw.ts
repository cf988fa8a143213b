/**
 * AdamW over a model's parameters, run by the optimiser graph.
 *
 * @module
 */

import { UserError } from "../flow/user_error.ts";
import type { Weight, Weights } from "../model/mod.ts";
import type { ArtifactFiles } from "../onnx/mod.ts";
import type { SessionOptions } from "../runtime/mod.ts";
import type { MomentStore, MomentStoreOptions } from "./moments/moment_store.ts";
import { type MomentsName, momentStores } from "./moments/stores.ts";
import { sumOfSquares } from "./sum_of_squares.ts";
import { UpdateGraph, type UpdateScalars } from "./update_graph.ts";
import { WeightRounding } from "./weight_parts.ts";

/** AdamW's numbers, with PyTorch's names where it has them. */
export interface AdamWOptions extends MomentStoreOptions {
  /** Decay of the mean of gradients, a step. @default {0.9} */
  beta1?: number;
  /** Decay of the mean of squared gradients, a step. @default {0.999} */
  beta2?: number;
  /** Added to the root of the second moment before dividing. @default {1e-8} */
  epsilon?: number;
  /** Decoupled weight decay, of matrices only. @default {0} */
  weightDecay?: number;
  /**
   * Largest global norm of the gradients; they are scaled down to it. `Infinity` clips nothing, and
   * then a parameter is updated as soon as its own gradient is whole: a gradient that is no number
   * may come after others were used, and ends the run at its last checkpoint.
   *
   * @default {1}
   */
  maxGradientNorm?: number;
  /** How the moments are kept: see {@linkcode momentStores}. @default {"float32"} */
  moments?: MomentsName;
  /** How single parameters are updated otherwise. @default {all alike} */
  select?: (parameter: Weight) => ParameterUpdate;
  /**
   * Decides how weights in 16 bits are rounded after an update: up or down by chance, so that what is
   * too small to change one of them changes it in time. Weights in float32 are not rounded.
   *
   * @default {0}
   */
  seed?: number;
}

/** How one parameter is updated where it differs from the others. */
export interface ParameterUpdate {
  /** Its own decay. @default {weightDecay for matrices, 0 for vectors} */
  weightDecay?: number;
  /** Its learning rate over that of the others; at 0 it stays as it is. @default {1} */
  rateScale?: number;
}

/** Gradients by parameter name. */
export type Gradients = ReadonlyMap<string, Float32Array<ArrayBuffer>>;

/** A step whose parameters are updated one after another, as their gradients become whole. */
export interface OpenStep {
  /**
   * Updates the parameters that there are gradients for.
   *
   * @throws {UserError} If gradients are not finite; these parameters are left as they were.
   */
  update(parameters: Weights, gradients: Gradients): Promise<void>;
  /** Ends the step, and gives the norm of all gradients. */
  end(): number;
}

type Numbers = Required<Omit<AdamWOptions, keyof MomentStoreOptions | "moments" | "seed">>;

function withDefaults(options: AdamWOptions): Numbers {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const { weightDecay = 0, maxGradientNorm = 1, select = () => ({}) } = options;
  return { beta1, beta2, epsilon, weightDecay, maxGradientNorm, select };
}

/** The optimiser: moments of every parameter and the step count. */
export class AdamW implements AsyncDisposable {
  readonly #options: Numbers;
  readonly #graph: UpdateGraph;
  readonly #rounding: WeightRounding;
  /** Moments of every parameter. */
  readonly moments: MomentStore;
  /** Whole steps done. */
  step = 0;
  #isTorn = false;

  private constructor(options: AdamWOptions, graph: UpdateGraph, moments: MomentStore) {
    this.#options = withDefaults(options);
    this.#graph = graph;
    this.#rounding = new WeightRounding(options.seed ?? 0);
    this.moments = moments;
  }

  /**
   * Makes the optimiser's graphs and moments ready.
   *
   * @throws {UserError} If moments are to be in a file and there is no room for it.
   */
  static async open(
    files: ArtifactFiles,
    parameters: Weights,
    options: AdamWOptions = {},
    session: SessionOptions = {},
  ): Promise<AdamW> {
    const { moments = "float32" } = options;
    await using opening = new AsyncDisposableStack();
    const graph = opening.use(await UpdateGraph.open(files, session));
    const store = await momentStores[moments](parameters, options);
    opening.move();
    return new AdamW(options, graph, store);
  }

  /** Whether gradients are scaled down to a norm, so that all have to be there before any is used. */
  get clips(): boolean {
    return this.#options.maxGradientNorm < Infinity;
  }

  /** Whether a step ended half-way: some parameters are of the step before it, some are not. */
  get isTorn(): boolean {
    return this.#isTorn;
  }

  /** The global norm of gradients. */
  gradientNorm(gradients: Gradients): number {
    return normOf(squaresOf(gradients).values());
  }

  /**
   * Updates every parameter in place and returns the gradients' norm before clipping.
   *
   * @throws {UserError} If the norm is not finite: parameters and moments are left as they were. Or if
   * a weight in 16 bits becomes too large for them: the step ends half-way then.
   */
  async update(
    parameters: Weights,
    gradients: Gradients,
    learningRate: number,
  ): Promise<number> {
    this.#refuseTorn();
    const learning = this.#learning(parameters, gradients);
    const norm = this.gradientNorm(learning);
    this.#checkFinite(norm);
    await this.#updateAll(parameters, learning, learningRate, norm);
    this.#endStep();
    return norm;
  }

  /**
   * Begins a step that computes what {@linkcode update} does, parameter by parameter.
   *
   * @throws {TypeError} If gradients are clipped: that takes all of them at once.
   */
  begin(learningRate: number): OpenStep {
    if (this.clips) {
      throw new TypeError("Cannot update single parameters while gradients are clipped");
    }
    this.#refuseTorn();
    const squares = new Map<string, number>();
    return {
      update: async (parameters, gradients) => {
        const learning = this.#learning(parameters, gradients);
        const sums = squaresOf(learning);
        const norm = normOf(sums.values());
        this.#checkFinite(norm);
        await this.#updateAll(parameters, learning, learningRate, norm);
        for (const [name, sum] of sums) squares.set(name, sum);
      },
      end: () => {
        this.#endStep();
        // In the order of `update`, since sums of floats depend on it.
        return normOf(this.moments.names.map((name) => squares.get(name) ?? 0));
      },
    };
  }

  #learning(parameters: Weights, gradients: Gradients): Gradients {
    const { select } = this.#options;
    return new Map(
      [...gradients].filter(([name]) => select(parameters.get(name)!).rateScale !== 0),
    );
  }

  async #updateAll(
    parameters: Weights,
    gradients: Gradients,
    learningRate: number,
    norm: number,
  ): Promise<void> {
    for (const [name, gradient] of gradients) {
      this.#isTorn = true;
      const parameter = parameters.get(name)!;
      const scalars = this.#scalars(parameter, learningRate, norm);
      const parts = this.#rounding.parts(parameter, this.step + 1);
      await this.#graph.update(parts, gradient, this.moments.parts(name), scalars);
    }
  }

  #endStep(): void {
    this.step++;
    this.#isTorn = false;
  }

  #scalars(parameter: Weight, learningRate: number, norm: number): UpdateScalars {
    const { beta1, beta2, epsilon, maxGradientNorm, select } = this.#options;
    const { rateScale = 1, weightDecay = this.#decayOf(parameter) } = select(parameter);
    const step = this.step + 1;
    return {
      learning_rate: learningRate * rateScale,
      beta1,
      beta2,
      epsilon,
      weight_decay: weightDecay,
      correction1: 1 - beta1 ** step,
      correction2: 1 - beta2 ** step,
      gradient_norm: norm,
      max_gradient_norm: maxGradientNorm,
    };
  }

  /** Norm weights are vectors; decay would pull them to 0 rather than to 1. */
  #decayOf({ shape }: Weight): number {
    return shape.length > 1 ? this.#options.weightDecay : 0;
  }

  /** Refuses gradients that would make every weight no number. */
  #checkFinite(norm: number): void {
    if (Number.isFinite(norm)) return;
    const left = this.#isTorn
      ? "what was updated before is lost with this step; the last checkpoint is whole"
      : "the model was left as it was before";
    throw new UserError(`The gradients' norm of step ${this.step + 1} is ${norm}; ${left}`, {
      hint: "lower the learning rate, or look at the step's records",
    });
  }

  #refuseTorn(): void {
    if (!this.#isTorn) return;
    throw new UserError(`Step ${this.step + 1} ended half-way, and the model is of no step now`, {
      hint: "go on from the last checkpoint",
    });
  }

  /** Frees the sessions and the moments. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#graph[Symbol.asyncDispose]();
    await this.moments[Symbol.asyncDispose]();
  }
}

function squaresOf(gradients: Gradients): Map<string, number> {
  return new Map([...gradients].map(([name, gradient]) => [name, sumOfSquares(gradient)]));
}

function normOf(sumsOfSquares: Iterable<number>): number {
  let total = 0;
  for (const sum of sumsOfSquares) total += sum;
  return Math.sqrt(total);
}
