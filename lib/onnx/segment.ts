/**
 * Segments: the parts of a model whose forward and backward are graphs of their own.
 *
 * A model is a chain of segments: embed, layer after layer, head with the loss. The training graph
 * of a segment takes the segment's input again and computes its forward anew before the backward,
 * so that of a whole model only the segments' inputs, and the few values
 * that a segment asks to keep, are held.
 *
 * @module
 */

import { accumulate } from "./accumulate.ts";
import { differentiate } from "./differentiate.ts";
import { Graph, type Value } from "./graph.ts";

/** What a segment's forward graph consists of. */
export interface SegmentParts {
  /** Inputs that come out of the segment before, and get gradients of their own. */
  flowing: readonly Value[];
  /** Trainable inputs. */
  parameters: readonly Value[];
  /** Outputs by name. */
  outputs: Readonly<Record<string, Value>>;
  /** Which output to differentiate from; it is scalar where it is the loss. */
  differentiable: string;
  /**
   * Values that the forward hands to the backward, by name: what is dear to compute again for what
   * it takes to keep.
   */
  kept?: Readonly<Record<string, Value>>;
}

/** A part of a model: how to build its forward graph. */
export interface Segment {
  /** File name stem of its artifacts. */
  readonly name: string;
  /** Declares inputs and appends the forward nodes. */
  build(g: Graph): SegmentParts;
}

/** The segment with weights that stay as they are: they get no gradients. */
export function frozen(segment: Segment): Segment {
  return { name: segment.name, build: (g) => ({ ...segment.build(g), parameters: [] }) };
}

/**
 * The segment where nothing before it learns: it gives no gradients of its inputs.
 *
 * @param name Another name than that of the segment further on in the chain.
 */
export function leading(segment: Segment, name: string): Segment {
  return { name, build: (g) => ({ ...segment.build(g), flowing: [] }) };
}

/** The name under which a value's gradient goes in or comes out. */
export function gradientName(name: string): string {
  return `${name}_grad`;
}

/** The input that holds a parameter's gradient so far: ONNX Runtime's name for it. */
export function accumulationBuffer(parameter: string): string {
  return `${gradientName(parameter)}.accumulation.buffer`;
}

/** The output that holds the gradient so far plus this run's. */
export function accumulationOut(parameter: string): string {
  return `${gradientName(parameter)}.accumulation.out`;
}

/** Outputs of a forward graph. */
export interface EvalOptions {
  /** Also gives what the training graph takes instead of computing it again. @default {false} */
  keep?: boolean;
}

/** The forward graph: `eval_model.onnx`. */
export function evalGraph(segment: Segment, { keep = false }: EvalOptions = {}): Graph {
  const g = new Graph(`${segment.name}_eval`);
  const { outputs, kept } = segment.build(g);
  for (const [name, value] of Object.entries({ ...outputs, ...(keep ? kept : {}) })) {
    g.output(name, value);
  }
  return g;
}

/** Makes values that nodes compute inputs. */
function takeInstead(g: Graph, values: Readonly<Record<string, Value>>): void {
  for (const [name, value] of Object.entries(values)) {
    value.name = name;
    g.inputs.push(value);
  }
  const taken = new Set(Object.values(values));
  g.nodes = g.nodes.filter(({ outputs }) => !outputs.some((output) => taken.has(output)));
}

/**
 * The forward and backward graph: `training_model.onnx`. Without outputs where nothing is to be
 * learnt in the segment or before it.
 *
 * Beside the forward's inputs and the values that it kept it takes the gradient of the differentiable output (unless that is a
 * scalar loss) and a buffer for each parameter; it gives the gradient of each flowing input, and
 * each buffer with the parameter's gradient added. A loss segment also gives its forward outputs.
 */
export function trainingGraph(segment: Segment): Graph {
  const g = new Graph(`${segment.name}_training`);
  const { flowing, parameters, outputs, differentiable, kept = {} } = segment.build(g);
  const target = outputs[differentiable];
  const isLoss = target.shape.length === 0;
  const seed = isLoss
    ? g.scalar(1)
    : g.input(gradientName(differentiable), "float32", target.shape);

  const gradients = differentiate(g, new Map([[target, seed]]), [...flowing, ...parameters]);
  const gradientOf = (value: Value): Value => {
    const gradient = gradients.get(value);
    if (!gradient) throw new TypeError(`${segment.name}: ${value.name} does not reach the output`);
    return gradient;
  };
  takeInstead(g, kept);
  if (isLoss) { for (const [name, value] of Object.entries(outputs)) g.output(name, value); }
  for (const value of flowing) g.output(gradientName(value.name), gradientOf(value));
  for (const value of parameters) {
    const sofar = g.input(accumulationBuffer(value.name), "float32", value.shape);
    // The sum must be the buffer's only reader: the runtime writes its result in the buffer's place.
    g.output(accumulationOut(value.name), accumulate(g, sofar, gradientOf(value)));
  }
  return g;
}
