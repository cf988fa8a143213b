import { type Dim, type Graph, lower, prune, type Shape } from "../../lib/onnx/mod.ts";
import type { HostTensor } from "../../lib/runtime/mod.ts";
import { runGraph } from "./run_graph.ts";

/** Lengths of symbols, learnt from the shapes that values had. */
class Bindings {
  readonly #lengths = new Map<string, number>();

  /** Whether a length can be what was written; a symbol met for the first time takes it. */
  #fits(dim: Dim, length: number): boolean {
    if (typeof dim === "number") return dim === length;
    let known = 1;
    const open: string[] = [];
    for (const part of dim.split("*")) {
      const factor = /^\d+$/.test(part) ? Number(part) : this.#lengths.get(part);
      if (factor === undefined) open.push(part);
      else known *= factor;
    }
    if (open.length === 0) return known === length;
    if (open.length > 1 || length % known !== 0) return false;
    this.#lengths.set(open[0], length / known);
    return true;
  }

  fit(shape: Shape, actual: readonly number[]): boolean {
    return shape.length === actual.length &&
      shape.every((dim, axis) => this.#fits(dim, actual[axis]));
  }
}

/**
 * Values whose type or shape at run time is not the inferred one, as sentences; the graph is
 * finished by this. Composites are expanded; the insides of loops are not looked at.
 */
export async function wrongShapes(
  g: Graph,
  inputs: Readonly<Record<string, HostTensor>>,
): Promise<string[]> {
  prune(g);
  lower(g);
  const values = g.nodes.flatMap((node) => node.outputs.map((value) => ({ op: node.op, value })));
  for (const { value } of values) {
    if (!g.outputs.includes(value)) g.output(value.name, value);
  }
  const found = await runGraph(g, inputs);

  const bindings = new Bindings();
  const wrong: string[] = [];
  const compare = (what: string, type: string, shape: Shape, actual: HostTensor) => {
    if (type !== actual.type) wrong.push(`${what} is ${actual.type}, inferred ${type}`);
    if (!bindings.fit(shape, actual.shape)) {
      wrong.push(`${what} is [${actual.shape}], inferred [${shape}]`);
    }
  };
  for (const { name, type, shape } of g.inputs) {
    compare(`the input ${name}`, type, shape, inputs[name]);
  }
  for (const { op, value: { name, type, shape } } of values) {
    compare(`${name} of ${op}`, type, shape, found[name]);
  }
  return wrong;
}
