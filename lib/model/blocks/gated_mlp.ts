import { type Graph, split, swiGlu, type Value } from "../../onnx/mod.ts";
import { dense } from "./project.ts";
import type { Scope } from "./scope.ts";

/** How a feed-forward block differs between architectures. */
export interface GatedMlpOptions {
  /** Puts gate and values together. @default {swiGlu} */
  activation?: (g: Graph, gate: Value, up: Value) => Value;
  /** Whether one matrix holds the rows of both gate and values. @default {false} */
  fused?: boolean;
}

/** The feed-forward block with a gate: `[tokens, hidden]` to the same. */
export function gatedMlp(
  scope: Scope,
  x: Value,
  { activation = swiGlu, fused = false }: GatedMlpOptions = {},
): Value {
  const { hiddenSize, intermediateSize: size } = scope.config;
  const [gate, up] = fused
    ? split(scope.g, dense(scope, "mlp.gate_up_proj", x, 2 * size), 1, [size, size])
    : ["gate", "up"].map((name) => dense(scope, `mlp.${name}_proj`, x, size));
  return dense(scope, "mlp.down_proj", activation(scope.g, gate, up), hiddenSize);
}
