/**
 * Graphs under construction: values, nodes, and who made what.
 *
 * @module
 */

import type { Shape } from "./dims.ts";

/** Element types that graphs here use. */
export type DataType = "float32" | "int64" | "bool";

/** A tensor in a graph: an input, a constant, or what a node gives. */
export interface Value {
  /** Unique within the graph and the graphs nested in it. */
  name: string;
  /** What its elements are. */
  readonly type: DataType;
  /** Lengths of its axes: numbers, or names of lengths that are known at run time only. */
  readonly shape: Shape;
}

/** What a node's attribute may hold; a graph is a `Loop`'s body. */
export type Attribute = number | readonly number[] | string | Graph;

/** Attributes by ONNX name. Integral numbers are stored as ints unless wrapped by {@linkcode float}. */
export type Attributes = Readonly<Record<string, Attribute | FloatAttribute>>;

/** A number that is stored as a float attribute even when integral. */
export interface FloatAttribute {
  /** What is stored, rounded to float32. */
  readonly float: number;
}

/** Marks a number as a float attribute. */
export function float(value: number): FloatAttribute {
  return { float: value };
}

/** One operation. */
export interface Node {
  /** The operator's name in ONNX, such as `MatMul`. */
  readonly op: string;
  /** `undefined` is an optional input left out. */
  inputs: (Value | undefined)[];
  /** What it gives; no other node gives these values. */
  readonly outputs: Value[];
  /** Constants that belong to the operation, such as an axis. */
  readonly attributes: Attributes;
}

/** A constant's contents, row-major. */
export type ConstantData = Float32Array | BigInt64Array | Uint8Array;

/**
 * A graph that grows node by node; operators' functions (`add(g, a, b)`) append to it.
 *
 * @example A graph of one addition
 * ```ts
 * import { add, Graph, modelBytes } from "@longpo/longpo/onnx";
 *
 * const g = new Graph("sum");
 * const x = g.input("x", "float32", ["tokens", 4]);
 * g.output("twice", add(g, x, x));
 * const bytes = modelBytes(g); // opens in Netron, runs in onnxruntime
 * ```
 */
export class Graph {
  /** Shown by viewers. */
  readonly name: string;
  /** In the order in which they were declared. */
  readonly inputs: Value[] = [];
  /** In an order that can be executed. */
  nodes: Node[] = [];
  /** In the order in which they were declared. */
  outputs: Value[] = [];
  /** Contents of constant values. */
  readonly constants: Map<Value, ConstantData> = new Map();
  /** What another node gives as well: a value, and the same value from elsewhere. */
  readonly twins: Map<Value, Value> = new Map();
  #names: { used: number };

  /**
   * An empty graph.
   *
   * @param name Shown by viewers.
   * @param parent The graph around it, where it is the body of a `Loop`.
   */
  constructor(name: string, parent?: Graph) {
    this.name = name;
    // A nested graph may not reuse a name of the graph around it.
    this.#names = parent ? parent.#names : { used: 0 };
  }

  /** Declares an input. */
  input(name: string, type: DataType, shape: Shape): Value {
    const value: Value = { name, type, shape };
    this.inputs.push(value);
    return value;
  }

  /** Adds a constant: a float32 array, an int64 array, or booleans as bytes. */
  constant(data: ConstantData, shape: Shape): Value {
    const type = data instanceof Float32Array
      ? "float32"
      : data instanceof BigInt64Array
      ? "int64"
      : "bool";
    const value = this.fresh("constant", type, shape);
    this.constants.set(value, data);
    return value;
  }

  /** Adds a float32 scalar. */
  scalar(value: number): Value {
    return this.constant(Float32Array.of(value), []);
  }

  /** Adds a vector of int64. */
  ints(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** Appends a node whose single output has the given type and shape. */
  node(
    op: string,
    inputs: (Value | undefined)[],
    type: DataType,
    shape: Shape,
    attributes: Attributes = {},
  ): Value {
    return this.nodeOf(op, inputs, [{ type, shape }], attributes)[0];
  }

  /** Appends a node with any number of outputs. */
  nodeOf(
    op: string,
    inputs: (Value | undefined)[],
    outputs: readonly { type: DataType; shape: Shape }[],
    attributes: Attributes = {},
  ): Value[] {
    const values = outputs.map(({ type, shape }) => this.fresh(op, type, shape));
    this.nodes.push({ op, inputs, outputs: values, attributes });
    return values;
  }

  /** Declares an output under a name of its own. */
  output(name: string, value: Value): Value {
    const produced = this.nodes.some((node) => node.outputs.includes(value));
    // Inputs, constants and values that are outputs already keep their names.
    const named = produced && !this.outputs.includes(value)
      ? value
      : this.node("Identity", [value], value.type, value.shape);
    named.name = name;
    this.outputs.push(named);
    return named;
  }

  /** A value with a name that nothing else in the graph has. */
  fresh(hint: string, type: DataType, shape: Shape): Value {
    return { name: `${hint}_${this.#names.used++}`, type, shape };
  }
}

/** The graphs nested in a node. */
export function nestedGraphs(node: Node): Graph[] {
  return Object.values(node.attributes).filter((value) => value instanceof Graph);
}

/** Every value that a node reads, by its inputs or out of the graphs nested in it. */
export function valuesRead(node: Node): Value[] {
  const nested = nestedGraphs(node).flatMap((graph) => graph.nodes.flatMap(valuesRead));
  return [...node.inputs.filter((input) => input !== undefined), ...nested];
}

/** Makes everything in a graph that reads a value read another one. */
export function replaceValue(g: Graph, value: Value, by: Value): void {
  const now = <T extends Value | undefined>(read: T) => read === value ? by : read;
  for (const node of g.nodes) {
    node.inputs = node.inputs.map(now);
    for (const nested of nestedGraphs(node)) replaceValue(nested, value, by);
  }
  g.outputs = g.outputs.map(now);
}
