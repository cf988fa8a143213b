import { ARRAY_OF, elementCount, emptyTensor } from "../tensor.ts";
import type { HostTensor, TensorData } from "../tensor.ts";
import type { Handle } from "./c_api.ts";
import { sameShape, type TensorValues } from "./tensor_values.ts";

/** Copying this much takes less time than making and releasing a value. */
const STAGED_BYTES = 16384;

/** Whether a tensor is handed over by copying. */
export function isStaged(type: keyof TensorData, shape: readonly number[]): boolean {
  return elementCount(shape) * ARRAY_OF[type].BYTES_PER_ELEMENT <= STAGED_BYTES;
}

/**
 * A small array of a graph's own that one of its inputs or outputs goes through, so that a value is
 * made only when the shape changes.
 */
export class Stage {
  readonly #values: TensorValues;
  readonly #type: keyof TensorData;
  #tensor?: HostTensor;
  #value: Handle = 0n;

  /** @param type What the input or output is declared as. */
  constructor(values: TensorValues, type: keyof TensorData) {
    this.#values = values;
    this.#type = type;
  }

  /** The value of a copy of an input. */
  put({ data, shape }: HostTensor): Handle {
    const value = this.room(shape);
    // The declared type was checked: both are arrays of one class.
    (this.#tensor!.data as Float32Array).set(data as Float32Array);
    return value;
  }

  /** The value of an output that is to be written. */
  room(shape: readonly number[]): Handle {
    if (!this.#tensor || !sameShape(this.#tensor.shape, shape)) {
      this.release();
      const tensor = emptyTensor(this.#type, [...shape]);
      this.#value = this.#values.make(tensor);
      this.#tensor = tensor;
    }
    return this.#value;
  }

  /** A copy of what was written, in a given tensor or a new one. */
  take(into?: HostTensor): HostTensor {
    const { type, data, shape } = this.#tensor!;
    if (!into) return { type, data: data.slice(), shape } as HostTensor;
    (into.data as Float32Array).set(data as Float32Array);
    return into;
  }

  /** Frees the value. */
  release(): void {
    if (this.#tensor) this.#values.release(this.#value);
    this.#tensor = undefined;
  }
}
