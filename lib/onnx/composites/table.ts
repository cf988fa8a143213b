/**
 * The table of composites: operators that exist while a graph is built and differentiated, and are
 * expanded into ONNX operators before it is written.
 *
 * @module
 */

import type { Graph, Node, Value } from "../graph.ts";
import { attentionComposites } from "./attention.ts";
import { inChunksComposites } from "./in_chunks_expansion.ts";
import { logProbsComposites } from "./log_probs.ts";
import { swiGluComposites } from "./swiglu.ts";

/** Appends the ONNX nodes that a composite stands for and returns its outputs. */
export type Expansion = (g: Graph, node: Node) => Value[];

/** Expansions by composite operator name. */
export const composites: Readonly<Record<string, Expansion>> = {
  ...attentionComposites,
  ...inChunksComposites,
  ...logProbsComposites,
  ...swiGluComposites,
};
