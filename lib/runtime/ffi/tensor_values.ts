import type { HostTensor, TensorData } from "../tensor.ts";
import { type CApi, type Handle, made } from "./c_api.ts";

/** The C interface's number of each element type (`ONNXTensorElementDataType`). */
export const ELEMENT_TYPES: Record<keyof TensorData, number> = { float32: 1, int64: 7, bool: 9 };

const DEVICE_ALLOCATOR = 0;
const DEFAULT_MEMORY = 0;

/** A value that stays for as long as its array does. */
interface Kept {
  readonly shape: readonly number[];
  /** None are left of an array whose buffer was transferred; then the value leads nowhere. */
  readonly bytes: number;
  readonly value: Handle;
}

/** The runtime's values over arrays, whose memory stays theirs. */
export class TensorValues {
  readonly #api: CApi;
  readonly #memory: Handle;
  readonly #out = new BigUint64Array(1);
  #shape = new BigInt64Array(8);
  readonly #seen = new WeakSet<HostTensor["data"]>();
  readonly #kept = new WeakMap<HostTensor["data"], Kept[]>();
  readonly #gone: FinalizationRegistry<Handle>;

  /** @param api The library's functions. */
  constructor(api: CApi) {
    this.#api = api;
    this.#memory = made((out) => api.CreateCpuMemoryInfo(DEVICE_ALLOCATOR, DEFAULT_MEMORY, out));
    this.#gone = new FinalizationRegistry((value) => api.ReleaseValue(value));
  }

  /**
   * A value over a tensor's array.
   *
   * Making one takes longer than running a small operator, so that arrays that come again, as weights do,
   * keep theirs.
   *
   * @param temporary Takes the value where it is to be released after use.
   */
  of(tensor: HostTensor, temporary: Handle[]): Handle {
    const { data, shape } = tensor;
    const kept = this.#kept.get(data);
    const found = kept?.find((one) => one.bytes === data.byteLength && sameShape(one.shape, shape));
    if (found) return found.value;
    const value = this.make(tensor);
    if (this.#seen.has(data)) {
      const one = { shape: [...shape], bytes: data.byteLength, value };
      if (kept) kept.push(one);
      else this.#kept.set(data, [one]);
      this.#gone.register(data, value);
    } else {
      this.#seen.add(data);
      temporary.push(value);
    }
    return value;
  }

  /** Frees a value. */
  release(value: Handle): void {
    this.#api.ReleaseValue(value);
  }

  /** A value over a tensor's array, to be released before the array is. */
  make({ type, data, shape }: HostTensor): Handle {
    if (shape.length > this.#shape.length) this.#shape = new BigInt64Array(shape.length);
    for (const [axis, length] of shape.entries()) this.#shape[axis] = BigInt(length);
    this.#api.CreateTensorWithDataAsOrtValue(
      this.#memory,
      data,
      data.byteLength,
      this.#shape,
      shape.length,
      ELEMENT_TYPES[type],
      this.#out,
    );
    return this.#out[0];
  }
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a === b || a.length === b.length && a.every((length, axis) => length === b[axis]);
}
