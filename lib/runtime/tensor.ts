/**
 * Host tensors: typed arrays with a shape.
 *
 * @module
 */

/** Contents by element type. */
export interface TensorData {
  /** IEEE single precision. */
  float32: Float32Array<ArrayBuffer>;
  /** Signed integers, as ONNX wants indices and lengths. */
  int64: BigInt64Array<ArrayBuffer>;
  /** A byte an element: 0 or 1. */
  bool: Uint8Array<ArrayBuffer>;
}

/** A tensor in this process's memory, row-major. */
export type HostTensor = {
  [Type in keyof TensorData]: {
    readonly type: Type;
    readonly data: TensorData[Type];
    readonly shape: readonly number[];
  };
}[keyof TensorData];

/** Tensors by name. */
export type Tensors = Readonly<Record<string, HostTensor>>;

/** The array class that holds each element type. */
export const ARRAY_OF = {
  float32: Float32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const satisfies { [Type in keyof TensorData]: new (length: number) => TensorData[Type] };

/** Elements of a shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Makes room for a tensor, whatever is in there before it is written. */
export type MakeTensor = (type: keyof TensorData, shape: readonly number[]) => HostTensor;

/** A tensor of zeros. */
export function emptyTensor(type: keyof TensorData, shape: readonly number[]): HostTensor {
  return { type, data: new ARRAY_OF[type](elementCount(shape)), shape } as HostTensor;
}

function checked<T extends HostTensor>(tensor: T): T {
  const elements = elementCount(tensor.shape);
  if (elements !== tensor.data.length) {
    throw new RangeError(
      `Cannot make a tensor of shape [${tensor.shape}]: it holds ${elements} elements, ` +
        `${tensor.data.length} were given`,
    );
  }
  return tensor;
}

/** A float32 tensor over an array, which is not copied. */
export function floats(data: Float32Array<ArrayBuffer>, shape: readonly number[]): HostTensor {
  return checked({ type: "float32", data, shape });
}

/** A float32 scalar. */
export function floatScalar(value: number): HostTensor {
  return { type: "float32", data: Float32Array.of(value), shape: [] };
}

/** An int64 tensor from numbers; a vector unless a shape is given. */
export function ints(values: ArrayLike<number>, shape?: readonly number[]): HostTensor {
  const data = new BigInt64Array(values.length);
  for (let at = 0; at < values.length; at++) data[at] = BigInt(values[at]);
  return checked({ type: "int64", data, shape: shape ?? [values.length] });
}

/** The float32 contents of a tensor. */
export function floatsOf(tensor: HostTensor): Float32Array<ArrayBuffer> {
  if (tensor.type !== "float32") throw new TypeError(`Expected float32, found ${tensor.type}`);
  return tensor.data;
}
