/**
 * Low-rank adapters (LoRA, Hu et al. 2021): small matrices that learn beside products with weights
 * that stay as they are.
 *
 * An adapter is a rewriting of a finished forward graph, so that whoever builds the graph knows
 * nothing of adapters.
 *
 * @module
 */

import type { Graph, Node, Value } from "./graph.ts";
import { mul } from "./operators/elementwise.ts";
import { linear } from "./operators/matmul.ts";
import type { Segment } from "./segment.ts";

/** The adapters of a graph. */
export interface LowRankOptions {
  /** The inner length of the two small matrices. */
  rank: number;
  /** What their product is multiplied with: LoRA's `alpha / rank`. */
  scale: number;
  /** The weights that get adapters, as the graph names its inputs. */
  weights: readonly string[];
}

/** The inputs of a weight's adapter, by PEFT's names: `A` is `[rank, in]`, `B` is `[out, rank]`. */
export function adapterInputs(weight: string): { a: string; b: string } {
  const layer = weight.replace(/\.weight$/, "");
  return { a: `${layer}.lora_A.weight`, b: `${layer}.lora_B.weight` };
}

/** Whether a node is `x W^T`, perhaps with a bias, of a weight of this name. */
function multiplies({ op, inputs, attributes }: Node, weight: string): boolean {
  return op === "Gemm" && inputs[1]?.name === weight && attributes.transB === 1 &&
    attributes.transA !== 1;
}

/**
 * Turns `x W^T` into `x W^T + scale (x A^T) B^T` for each of some weights.
 *
 * @returns The new inputs `A` and `B`, weight by weight.
 * @throws {TypeError} If a weight is in no such product, or in several.
 */
export function adaptProducts(g: Graph, options: LowRankOptions): Value[] {
  return options.weights.flatMap((weight) => {
    const found = g.nodes.filter((node) => multiplies(node, weight));
    if (found.length === 1) return adaptProduct(g, found[0], weight, options);
    throw new TypeError(`${g.name}: ${weight} is in ${found.length} products, and not in one`);
  });
}

function adaptProduct(
  g: Graph,
  product: Node,
  weight: string,
  { rank, scale }: LowRankOptions,
): Value[] {
  const [x, { shape: [out, width] }] = product.inputs as Value[];
  const [result] = product.outputs;
  const names = adapterInputs(weight);
  const a = g.input(names.a, "float32", [rank, width]);
  const b = g.input(names.b, "float32", [out, rank]);

  const after = g.nodes.splice(g.nodes.indexOf(product));
  const plain = g.fresh("Gemm", result.type, result.shape);
  g.nodes.push({ ...product, outputs: [plain] });
  const inner = mul(g, linear(g, x, a), g.scalar(scale));
  // The sum takes the product's place: whatever read the product reads the sum.
  g.nodes.push({
    op: "Gemm",
    inputs: [inner, b, plain],
    outputs: [result],
    attributes: { transA: 0, transB: 1 },
  });
  g.nodes.push(...after.slice(1));
  return [a, b];
}

/** A segment in which adapters learn, and nothing else does. */
export function lowRank(segment: Segment, options: LowRankOptions): Segment {
  return {
    name: segment.name,
    build(g) {
      const parts = segment.build(g);
      return { ...parts, parameters: adaptProducts(g, options) };
    },
  };
}
