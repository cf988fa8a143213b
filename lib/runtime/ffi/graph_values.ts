import { declare } from "../declare.ts";
import type { Declared } from "../shape_check.ts";
import { type CApi, type Handle, made, textAt } from "./c_api.ts";
import type { Library } from "./library.ts";
import { ELEMENT_TYPES } from "./tensor_values.ts";

/** Names of the other element types, for errors (`ONNXTensorElementDataType`). */
const OTHER_TYPES: Record<number, string> = {
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  8: "string",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  16: "bfloat16",
};

const TYPE_NAMES: Record<number, string> = {
  ...OTHER_TYPES,
  ...Object.fromEntries(Object.entries(ELEMENT_TYPES).map(([name, number]) => [number, name])),
};

/** What a session says of its inputs and outputs, with their names as the session's own text. */
export function readGraphValues(
  { api, allocator }: Library,
  session: Handle,
): { inputs: Declared[]; outputs: Declared[] } {
  const read = (kind: "Input" | "Output") => {
    const count = Number(made((out) => api[`SessionGet${kind}Count`](session, out)));
    return Array.from({ length: count }, (_, at) => {
      const text = made((out) => api[`SessionGet${kind}Name`](session, at, allocator, out));
      const name = textAt(Deno.UnsafePointer.create(text));
      api.AllocatorFree(allocator, text);
      const info = made((out) => api[`SessionGet${kind}TypeInfo`](session, at, out));
      try {
        return declare(kind === "Input" ? "input" : "output", name, readTensorInfo(api, info));
      } finally {
        api.ReleaseTypeInfo(info);
      }
    });
  };
  return { inputs: read("Input"), outputs: read("Output") };
}

/** Element type and shape; nothing of what is no tensor. */
function readTensorInfo(api: CApi, typeInfo: Handle) {
  const info = made((out) => api.CastTypeInfoToTensorInfo(typeInfo, out));
  if (info === 0n) return undefined;
  const lengths = readLengths(api, info);
  const symbols = new BigUint64Array(lengths.length);
  api.GetSymbolicDimensions(info, symbols, symbols.length);
  const symbol = (axis: number) => textAt(Deno.UnsafePointer.create(symbols[axis]));
  const type = Number(made((out) => api.GetTensorElementType(info, out)));
  return {
    type: TYPE_NAMES[type] ?? `of element type ${type}`,
    shape: lengths.map((length, axis) => length < 0 ? symbol(axis) : length),
  };
}

/** Lengths of a tensor's axes; -1 where they are not known. */
export function readLengths(api: CApi, info: Handle): number[] {
  const rank = Number(made((out) => api.GetDimensionsCount(info, out)));
  const lengths = new BigInt64Array(rank);
  api.GetDimensions(info, lengths, rank);
  return Array.from(lengths, Number);
}
