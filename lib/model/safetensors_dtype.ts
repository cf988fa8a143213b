/**
 * Number formats of safetensors files.
 *
 * @module
 */

import { halfFormats } from "./half/formats.ts";
import type { HalfFormat } from "./half/half_format.ts";

/** Bytes that own their buffer from its first byte on, so that they can be seen as numbers. */
export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The numbers of a tensor; half precision is Float32 in memory, or a Uint16Array of the bits that are
 * stored.
 */
export type TensorData = Float32Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array;

/** Bytes of an element, for all formats a header may name. */
const elementSizes: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** Bytes of one element, or undefined for an unknown format. */
export function elementSize(dtype: string): number | undefined {
  return Object.hasOwn(elementSizes, dtype) ? elementSizes[dtype] : undefined;
}

/** Formats that are read and written. */
export type Dtype = "F32" | "F16" | "BF16" | "I32" | "I64" | "U8";

interface Codec {
  decode(bytes: Bytes): TensorData;
  encode(data: TensorData): Uint8Array;
}

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Half precision: numbers are float32 in memory, or the bits that are stored. */
function half({ widen, narrow }: HalfFormat): Codec {
  return {
    decode(bytes) {
      const bits = new Uint16Array(bytes.buffer);
      const numbers = new Float32Array(bits.length);
      widen(bits, numbers);
      return numbers;
    },
    encode(data) {
      if (data instanceof Uint16Array) return bytesOf(data);
      const bits = new Uint16Array(data.length);
      narrow(data as Float32Array, bits);
      return bytesOf(bits);
    },
  };
}

const codecs: Readonly<Record<Dtype, Codec>> = {
  F32: { decode: (bytes) => new Float32Array(bytes.buffer), encode: bytesOf },
  F16: half(halfFormats.float16),
  BF16: half(halfFormats.bfloat16),
  I32: { decode: (bytes) => new Int32Array(bytes.buffer), encode: bytesOf },
  I64: { decode: (bytes) => new BigInt64Array(bytes.buffer), encode: bytesOf },
  U8: { decode: (bytes) => bytes, encode: bytesOf },
};

/** Whether tensors of this format are read and written here. */
export function isDtype(dtype: string): dtype is Dtype {
  return Object.hasOwn(codecs, dtype);
}

/** Sees stored bytes as numbers; F32, I32, I64 and U8 without a copy. */
export function decode(dtype: Dtype, bytes: Bytes): TensorData {
  return codecs[dtype].decode(bytes);
}

/** Whether numbers of this format are half precision. */
export function isHalfDtype(dtype: string): dtype is "F16" | "BF16" {
  return dtype === "F16" || dtype === "BF16";
}

/** The bytes to store; F16 and BF16 round to nearest, ties to even, and bits stay what they are. */
export function encode(dtype: Dtype, data: TensorData): Uint8Array {
  return codecs[dtype].encode(data);
}

/** Whether `data` is what `dtype` is in memory. */
export function fits(dtype: Dtype, data: TensorData): boolean {
  if (dtype === "I32") return data instanceof Int32Array;
  if (dtype === "I64") return data instanceof BigInt64Array;
  if (dtype === "U8") return data instanceof Uint8Array;
  return data instanceof Float32Array || (isHalfDtype(dtype) && data instanceof Uint16Array);
}

/** Index of the first NaN or infinity, or -1. */
export function firstNonFinite(data: Float32Array): number {
  // `x - x` is NaN for both, and the loop has no call in it.
  for (let i = 0; i < data.length; i++) if (data[i] - data[i] !== 0) return i;
  return -1;
}
