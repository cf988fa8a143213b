import { add, type Value } from "../../onnx/mod.ts";
import { rmsNorm } from "./norm.ts";
import type { LayerScope } from "./scope.ts";

/** A part of a layer: `[tokens, hidden]` to the same. */
export type Part = (scope: LayerScope, x: Value) => Value;

/** Llama's layer: attention, then feed-forward, each added to what it read before a norm. */
export function preNormLayer(attention: Part, feedForward: Part): Part {
  return function layer(scope, hidden) {
    const { g } = scope;
    const attended = add(g, hidden, attention(scope, rmsNorm(scope, "input_layernorm", hidden)));
    const inner = rmsNorm(scope, "post_attention_layernorm", attended);
    return add(g, attended, feedForward(scope, inner));
  };
}
