import { add, type Graph, mul, tanh, type Value } from "../../onnx/mod.ts";

/** `gelu(gate) * up`, with the approximation of gelu by tanh. */
export function geluGate(g: Graph, gate: Value, up: Value): Value {
  const cube = mul(g, mul(g, gate, gate), mul(g, gate, g.scalar(0.044715)));
  const inner = mul(g, add(g, gate, cube), g.scalar(Math.sqrt(2 / Math.PI)));
  const half = mul(g, gate, g.scalar(0.5));
  return mul(g, mul(g, half, add(g, tanh(g, inner), g.scalar(1))), up);
}
