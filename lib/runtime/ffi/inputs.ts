import type { Declared } from "../shape_check.ts";
import type { Tensors } from "../tensor.ts";
import type { Handle } from "./c_api.ts";
import { Names } from "./names.ts";
import { isStaged, Stage } from "./stage.ts";
import type { TensorValues } from "./tensor_values.ts";

/** What goes into the runs of a graph, one run at a time. */
export class Inputs {
  readonly #declared: readonly Declared[];
  readonly #tensorValues: TensorValues;
  readonly #stages: readonly Stage[];
  readonly names: Names;
  /** `[inputs]`, in the order of the names. */
  readonly values: BigUint64Array<ArrayBuffer>;

  /** @param declared The graph's inputs. */
  constructor(declared: readonly Declared[], values: TensorValues) {
    this.#declared = declared;
    this.#tensorValues = values;
    this.#stages = declared.map(({ type }) => new Stage(values, type));
    this.names = new Names(declared.map(({ name }) => name));
    this.values = new BigUint64Array(declared.length);
  }

  /** Sets the values of a run: small tensors are copied, others are read where they are. */
  prepare(tensors: Tensors, temporary: Handle[]): void {
    for (const [at, { name, type }] of this.#declared.entries()) {
      const tensor = tensors[name];
      this.values[at] = isStaged(type, tensor.shape)
        ? this.#stages[at].put(tensor)
        : this.#tensorValues.of(tensor, temporary);
    }
  }

  /** Frees what is held between runs. */
  release(): void {
    for (const stage of this.#stages) stage.release();
  }
}
