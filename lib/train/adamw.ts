/**
 * AdamW over a model's parameters, run by the optimiser graph.
 *
 * @module
 */

import { UserError } from "../flow/user_error.ts";
import type { Parameter, Parameters } from "../model/mod.ts";
import { OPTIMIZER_PATHS, type OPTIMIZER_SCALARS } from "../onnx/mod.ts";
import type { ArtifactFiles } from "../onnx/mod.ts";
import {
  floats,
  floatScalar,
  floatsOf,
  type HostTensor,
  openAll,
  Session,
} from "../runtime/mod.ts";
import type { SessionOptions } from "../runtime/mod.ts";

/** AdamW's numbers, with PyTorch's names where it has them. */
export interface AdamWOptions {
  /** Decay of the mean of gradients, a step. @default {0.9} */
  beta1?: number;
  /** Decay of the mean of squared gradients, a step. @default {0.999} */
  beta2?: number;
  /** Added to the root of the second moment before dividing. @default {1e-8} */
  epsilon?: number;
  /** Decoupled weight decay, of matrices only. @default {0} */
  weightDecay?: number;
  /** Largest global norm of the gradients; they are scaled down to it. @default {1} */
  maxGradientNorm?: number;
  /** How single parameters are updated otherwise. @default {all alike} */
  select?: (parameter: Parameter) => ParameterUpdate;
}

/** How one parameter is updated where it differs from the others. */
export interface ParameterUpdate {
  /** Its own decay. @default {weightDecay for matrices, 0 for vectors} */
  weightDecay?: number;
  /** Its learning rate over that of the others; at 0 it stays as it is. @default {1} */
  rateScale?: number;
}

/** A parameter's state. */
export interface Moments {
  /** Decaying mean of the gradients, before bias correction. */
  first: Float32Array<ArrayBuffer>;
  /** Decaying mean of the squared gradients, before bias correction. */
  second: Float32Array<ArrayBuffer>;
}

/** Numbers that are updated at once: few enough that what is in between stays near the processor. */
const UPDATE_LENGTH = 2 ** 18;

function withDefaults(options: AdamWOptions): Required<AdamWOptions> {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const { weightDecay = 0, maxGradientNorm = 1, select = () => ({}) } = options;
  return { beta1, beta2, epsilon, weightDecay, maxGradientNorm, select };
}

/** Refuses gradients that would make every weight no number. */
function checkFinite(norm: number, step: number): void {
  if (Number.isFinite(norm)) return;
  throw new UserError(
    `The gradients' norm of step ${step} is ${norm}; the model was left as it was before`,
    { hint: "lower the learning rate, or look at the step's records" },
  );
}

/** The optimiser: moments of every parameter and the step count. */
export class AdamW implements AsyncDisposable {
  readonly #options: Required<AdamWOptions>;
  readonly #sessions: { update: Session; sumOfSquares: Session };
  /** Moments by parameter name. */
  readonly moments: Map<string, Moments>;
  /** Updates done. */
  step = 0;

  private constructor(
    parameters: Parameters,
    options: AdamWOptions,
    sessions: { update: Session; sumOfSquares: Session },
  ) {
    this.#options = withDefaults(options);
    this.#sessions = sessions;
    this.moments = new Map(
      [...parameters].map(([name, { data }]) => [name, {
        first: new Float32Array(data.length),
        second: new Float32Array(data.length),
      }]),
    );
  }

  /** Makes the optimiser's graphs ready. */
  static async open(
    files: ArtifactFiles,
    parameters: Parameters,
    options: AdamWOptions = {},
    session: SessionOptions = {},
  ): Promise<AdamW> {
    const open = (path: string) => () => Session.open(files.get(path)!, { ...session, name: path });
    const sessions = await openAll({
      update: open(OPTIMIZER_PATHS.update),
      sumOfSquares: open(OPTIMIZER_PATHS.sumOfSquares),
    });
    return new AdamW(parameters, options, sessions);
  }

  /** The global norm of gradients. */
  async gradientNorm(gradients: ReadonlyMap<string, Float32Array<ArrayBuffer>>): Promise<number> {
    let total = 0;
    for (const data of gradients.values()) {
      const { sum } = await this.#sessions.sumOfSquares.run({
        gradient: floats(data, [data.length]),
      });
      total += floatsOf(sum)[0];
    }
    return Math.sqrt(total);
  }

  /**
   * Updates every parameter in place and returns the gradients' norm before clipping.
   *
   * @throws {UserError} If the norm is not finite; parameters and moments are left as they were.
   */
  async update(
    parameters: Parameters,
    gradients: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
    learningRate: number,
  ): Promise<number> {
    const { beta1, beta2, epsilon, maxGradientNorm, select } = this.#options;
    const learning = new Map(
      [...gradients].filter(([name]) => select(parameters.get(name)!).rateScale !== 0),
    );
    const norm = await this.gradientNorm(learning);
    checkFinite(norm, this.step + 1);
    this.step++;
    const scalars = (parameter: Parameter): Record<typeof OPTIMIZER_SCALARS[number], number> => ({
      learning_rate: learningRate * (select(parameter).rateScale ?? 1),
      beta1,
      beta2,
      epsilon,
      weight_decay: select(parameter).weightDecay ?? this.#decayOf(parameter),
      correction1: 1 - beta1 ** this.step,
      correction2: 1 - beta2 ** this.step,
      gradient_norm: norm,
      max_gradient_norm: maxGradientNorm,
    });
    for (const [name, gradient] of learning) {
      await this.#updateOne(parameters.get(name)!, gradient, scalars(parameters.get(name)!));
    }
    return norm;
  }

  /** Norm weights are vectors; decay would pull them to 0 rather than to 1. */
  #decayOf({ shape }: Parameter): number {
    return shape.length > 1 ? this.#options.weightDecay : 0;
  }

  async #updateOne(
    parameter: Parameter,
    gradient: Float32Array<ArrayBuffer>,
    scalars: Record<string, number>,
  ): Promise<void> {
    const { first, second } = this.moments.get(parameter.name)!;
    const numbers = Object.entries(scalars).map(([name, value]) => [name, floatScalar(value)]);
    const fixed: Record<string, HostTensor> = Object.fromEntries(numbers);
    for (let from = 0; from < gradient.length; from += UPDATE_LENGTH) {
      const part = (data: Float32Array) => {
        const view = data.subarray(from, from + UPDATE_LENGTH) as Float32Array<ArrayBuffer>;
        return floats(view, [view.length]);
      };
      const inputs = {
        parameter: part(parameter.data),
        gradient: part(gradient),
        first_moment: part(first),
        second_moment: part(second),
      };
      await this.#sessions.update.run({ ...fixed, ...inputs }, {
        parameter_out: inputs.parameter,
        first_moment_out: inputs.first_moment,
        second_moment_out: inputs.second_moment,
      });
    }
  }

  /** Frees the sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of Object.values(this.#sessions)) await session[Symbol.asyncDispose]();
  }
}
