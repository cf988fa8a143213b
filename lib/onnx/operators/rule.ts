import type { Graph, Node, Value } from "../graph.ts";

/** What appends the gradients of sources to a graph, from the gradients of what it gives. */
export type Differentiate = (
  g: Graph,
  seeds: ReadonlyMap<Value, Value>,
  sources: readonly Value[],
) => Map<Value, Value>;

/**
 * The reverse-mode rule of an operator.
 *
 * Given the node and the gradients of its outputs, appends the nodes that compute the gradients of
 * its inputs. A gradient that does not exist is absent, not zero: `undefined` for outputs that
 * nothing differentiated, and for inputs that have none (indices, masks). An operator with a graph of
 * its own has it differentiated by what differentiates it.
 */
export type GradientRule = (
  g: Graph,
  node: Node,
  outputGradients: readonly (Value | undefined)[],
  wanted: readonly boolean[],
  differentiate: Differentiate,
) => (Value | undefined)[];

/** Rules by operator name. */
export type GradientRules = Readonly<Record<string, GradientRule>>;
