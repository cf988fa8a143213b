import { ARRAY_OF, type TensorData } from "./tensor.ts";
import type { Declared } from "./shape_check.ts";

/**
 * A graph's input or output as it is held against tensors.
 *
 * @param tensor Element type and shape; absent where it is a sequence, a map or optional.
 * @throws {TypeError} If it is nothing that a host tensor can be.
 */
export function declare(
  kind: "input" | "output",
  name: string,
  tensor: { type: string; shape: readonly (number | string)[] } | undefined,
): Declared {
  if (!tensor) throw new TypeError(`its ${kind} ${name} is no tensor`);
  const { type, shape } = tensor;
  if (!Object.hasOwn(ARRAY_OF, type)) {
    const known = Object.keys(ARRAY_OF).join(", ");
    throw new TypeError(`its ${kind} ${name} is ${type}, expected one of ${known}`);
  }
  return { name, type: type as keyof TensorData, shape };
}
