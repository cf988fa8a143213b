import { Random } from "../../lib/flow/random.ts";
import { type DataType, differentiate, Graph, type Shape, type Value } from "../../lib/onnx/mod.ts";
import { floats, floatsOf, type HostTensor, ints, Session } from "../../lib/runtime/mod.ts";
import { modelBytes } from "../../lib/onnx/mod.ts";
import { relativeError } from "./golden_cases.ts";
import { uniform } from "./run_graph.ts";

/** An input of a case: what the graph is told of it, and what it holds. */
export interface CaseInput {
  type: DataType;
  shape: Shape;
  tensor: HostTensor;
}

/** A small graph through an operator with a gradient rule. */
export interface GradientCase {
  /** The operator whose rule it is for. */
  rule: string;
  /** What is particular about it. */
  about: string;
  /** float32 inputs that gradients are wanted of. */
  inputs: Readonly<Record<string, CaseInput>>;
  /** Inputs that stay as they are. */
  fixed?: Readonly<Record<string, CaseInput>>;
  build(g: Graph, inputs: Readonly<Record<string, Value>>): Value;
}

const random = new Random("gradient cases");

function lengths(shape: Shape, symbols: Readonly<Record<string, number>>): number[] {
  return shape.map((dim) => typeof dim === "number" ? dim : symbols[dim]);
}

/** A float32 input of a case, with evenly distributed numbers. */
export function some(
  shape: Shape,
  symbols: Readonly<Record<string, number>> = {},
  range: readonly [number, number] = [-1, 1],
): CaseInput {
  return { type: "float32", shape, tensor: uniform(random, lengths(shape, symbols), range) };
}

/** A float32 input whose numbers are all far apart, so that small steps change no order. */
export function apart(shape: readonly number[]): CaseInput {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const ranks = random.shuffle([...Array(length).keys()]);
  const data = Float32Array.from(ranks, (rank) => (rank - length / 2) * 0.4);
  return { type: "float32", shape, tensor: floats(data, shape) };
}

/** A float32 input with given numbers. */
export function given(values: readonly number[], shape: Shape = [values.length]): CaseInput {
  const actual = shape.length === 1 ? [values.length] : shape as number[];
  return { type: "float32", shape, tensor: floats(Float32Array.from(values), actual) };
}

/** An int64 input; a vector of fixed length unless a shape is given. */
export function whole(
  values: readonly number[],
  shape: Shape = [values.length],
  actual: readonly number[] = [values.length],
): CaseInput {
  return { type: "int64", shape, tensor: ints(values, actual) };
}

/** Declares a case's inputs and appends its nodes. */
export function buildCase(
  g: Graph,
  { inputs, fixed = {}, build }: GradientCase,
): { sources: Value[]; result: Value } {
  const declare = ([name, { type, shape }]: [string, CaseInput]) =>
    [name, g.input(name, type, shape)] as const;
  const sources = Object.entries(inputs).map(declare);
  const others = Object.entries(fixed).map(declare);
  const result = build(g, Object.fromEntries([...sources, ...others]));
  return { sources: sources.map(([, value]) => value), result };
}

/** The graph of a case's result and of its gradient by every input, from the gradient `seed`. */
export function gradientGraph(test: GradientCase): Graph {
  const g = new Graph(`${test.rule} gradient`);
  const { sources, result } = buildCase(g, test);
  const seed = g.input("seed", "float32", result.shape);
  const gradients = differentiate(g, new Map([[result, seed]]), sources);
  for (const source of sources) {
    const gradient = gradients.get(source);
    if (!gradient) throw new Error(`${source.name} has no gradient`);
    g.output(`${source.name}_grad`, gradient);
  }
  return g;
}

/** What a case's graphs take. */
export function feedsOf({ inputs, fixed = {} }: GradientCase): Record<string, HostTensor> {
  const entries = Object.entries({ ...inputs, ...fixed });
  return Object.fromEntries(entries.map(([name, { tensor }]) => [name, tensor]));
}

/** Random weights of a case's result, whose weighted sum is differentiated. */
export async function seedOf(test: GradientCase): Promise<HostTensor> {
  await using forward = await forwardSession(test);
  const { result } = await forward.run(feedsOf(test));
  return uniform(new Random("seed"), result.shape, [0.5, 1.5]);
}

async function forwardSession(test: GradientCase): Promise<Session> {
  const g = new Graph(test.rule);
  g.output("result", buildCase(g, test).result);
  return await Session.open(modelBytes(g));
}

const STEP = 0.03;

/** Central differences of fourth order: weights of f at multiples of the step. */
const STENCIL = [[-2, 1 / 12], [-1, -2 / 3], [1, 2 / 3], [2, -1 / 12]] as const;

/** Gradients by each input as the differences of the forward graph say. */
export async function numericGradients(
  test: GradientCase,
  seed: HostTensor,
): Promise<Record<string, Float64Array>> {
  await using forward = await forwardSession(test);
  const weights = floatsOf(seed);
  const feeds = feedsOf(test);
  const objective = async (name: string, at: number, by: number): Promise<number> => {
    const data = floatsOf(feeds[name]).slice();
    data[at] += by;
    const { result } = await forward.run({ ...feeds, [name]: floats(data, feeds[name].shape) });
    return floatsOf(result).reduce((sum, value, index) => sum + value * weights[index], 0);
  };
  const gradients: Record<string, Float64Array> = {};
  for (const name of Object.keys(test.inputs)) {
    const gradient = gradients[name] = new Float64Array(feeds[name].data.length);
    for (let at = 0; at < gradient.length; at++) {
      for (const [steps, weight] of STENCIL) {
        gradient[at] += weight * await objective(name, at, steps * STEP) / STEP;
      }
    }
  }
  return gradients;
}

/** Gradients by each input as the gradient graph says. */
export async function graphGradients(
  test: GradientCase,
  seed: HostTensor,
): Promise<Record<string, HostTensor>> {
  await using session = await Session.open(modelBytes(gradientGraph(test)));
  return await session.run({ ...feedsOf(test), seed });
}

/** How far the graph's gradients are from the differences, relative to the largest, by input. */
export async function gradientErrors(test: GradientCase): Promise<Record<string, number>> {
  const seed = await seedOf(test);
  const numeric = await numericGradients(test, seed);
  const graph = await graphGradients(test, seed);
  return Object.fromEntries(
    Object.entries(numeric).map(([name, expected]) => {
      const { shape } = test.inputs[name].tensor;
      const gradient = graph[`${name}_grad`];
      const sameShape = gradient.shape.join() === shape.join();
      return [name, sameShape ? relativeError(floatsOf(gradient), expected) : Infinity];
    }),
  );
}
