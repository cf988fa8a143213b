import { assert, assertEquals } from "@std/assert";
import { relativeError } from "./golden_cases.ts";

/** Gradients or other arrays by name. */
export type Arrays = ReadonlyMap<string, ArrayLike<number>>;

/** Fails where an array is further from the expected one than float32 sums in another order are. */
export function assertCloseArrays(actual: Arrays, expected: Arrays, tolerance = 1e-5): void {
  assertEquals([...actual.keys()].sort(), [...expected.keys()].sort());
  for (const [name, values] of expected) {
    const error = relativeError(actual.get(name)!, values);
    assert(error <= tolerance, `${name}: relative error ${error}`);
  }
}
