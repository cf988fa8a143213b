import type { Graph, Node, Value } from "../graph.ts";

/**
 * The reverse-mode rule of an operator.
 *
 * Given the node and the gradients of its outputs, appends the nodes that compute the gradients of
 * its inputs. A gradient that does not exist is absent, not zero: `undefined` for outputs that
 * nothing differentiated, and for inputs that have none (indices, masks).
 */
export type GradientRule = (
  g: Graph,
  node: Node,
  outputGradients: readonly (Value | undefined)[],
  wanted: readonly boolean[],
) => (Value | undefined)[];

/** Rules by operator name. */
export type GradientRules = Readonly<Record<string, GradientRule>>;
