import { add, rmsNorm as normalise, type Value } from "../../onnx/mod.ts";
import type { Scope } from "./scope.ts";

/** A norm over the last axis of `x`, with the weight `<name>.weight`. */
export type Norm = (scope: Scope, name: string, x: Value) => Value;

function weightOf(scope: Scope, name: string, x: Value): Value {
  return scope.weight(`${name}.weight`, Number(x.shape.at(-1)));
}

/** RMSNorm: rows divided by their root mean square, times the weight. */
export const rmsNorm: Norm = (scope, name, x): Value =>
  normalise(scope.g, x, weightOf(scope, name, x), scope.config.normEpsilon);

/** RMSNorm whose weight is stored as its distance from one. */
export const centredRmsNorm: Norm = (scope, name, x): Value => {
  const weight = add(scope.g, weightOf(scope, name, x), scope.g.scalar(1));
  return normalise(scope.g, x, weight, scope.config.normEpsilon);
};
