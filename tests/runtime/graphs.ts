import { add, Graph, matmul, modelBytes } from "../../lib/onnx/mod.ts";
import { floats, type HostTensor } from "../../lib/runtime/mod.ts";

/** `twice = x + x` over `[n]`. */
export function doubling(): Uint8Array {
  const g = new Graph("doubling");
  const x = g.input("x", "float32", ["n"]);
  g.output("twice", add(g, x, x));
  return modelBytes(g);
}

const SIDE = 768;
const LINKS = 24;

/** Many products of large matrices, one after another: some 22 billion operations. */
export function chain(): Uint8Array {
  const g = new Graph("chain");
  const x = g.input("x", "float32", ["rows", SIDE]);
  const w = g.input("w", "float32", [SIDE, SIDE]);
  let product = x;
  for (let link = 0; link < LINKS; link++) product = matmul(g, product, w);
  g.output("product", product);
  return modelBytes(g);
}

/** What goes into the chain: ones, and an identity matrix that leaves them as they are. */
export function chainInputs(): Record<string, HostTensor> {
  const w = new Float32Array(SIDE * SIDE);
  for (let at = 0; at < SIDE; at++) w[at * SIDE + at] = 1;
  return {
    x: floats(new Float32Array(SIDE * SIDE).fill(1), [SIDE, SIDE]),
    w: floats(w, [SIDE, SIDE]),
  };
}
