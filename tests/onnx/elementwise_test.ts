import { assertEquals, assertLess } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { differentiate, Graph, type Value } from "../../lib/onnx/mod.ts";
import * as elementwise from "../../lib/onnx/operators/elementwise.ts";
import { floats, floatsOf } from "../../lib/runtime/mod.ts";
import { relativeError } from "../support/golden_cases.ts";
import { runForFloats, uniform } from "../support/run_graph.ts";

type Unary = (g: Graph, x: Value) => Value;
type Binary = (g: Graph, a: Value, b: Value) => Value;

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** What each function of one element must be; arguments are positive. */
const unaries: Readonly<Record<string, (x: number) => number>> = {
  neg: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  sigmoid: logistic,
  softplus: (x) => Math.log1p(Math.exp(x)),
  tanh: Math.tanh,
  silu: (x) => x * logistic(x),
  logSigmoid: (x) => Math.log(logistic(x)),
};

const binaries: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  minimum: Math.min,
  maximum: Math.max,
};

const operators = elementwise as unknown as Record<string, Unary & Binary>;

async function unary(name: string, values: readonly number[]): Promise<Float32Array> {
  const g = new Graph(name);
  g.output("y", operators[name](g, g.input("x", "float32", ["elements"])));
  return await runForFloats(g, { x: floats(Float32Array.from(values), [values.length]) });
}

Deno.test("elementwise functions of one element are what their names say", async () => {
  const values = [0.05, 0.5, 1, 2.5, 7];
  for (const [name, expected] of Object.entries(unaries)) {
    const error = relativeError(await unary(name, values), values.map((x) => expected(x)));
    assertLess(error, 1e-6, name);
  }
});

Deno.test("elementwise functions of two elements are what their names say", async () => {
  const random = new Random(3);
  const [a, b] = [uniform(random, [2, 3]), uniform(random, [3], [1, 2])];
  for (const [name, expected] of Object.entries(binaries)) {
    const g = new Graph(name);
    const shape = ["rows", 3];
    const y = operators[name](g, g.input("a", "float32", shape), g.input("b", "float32", [3]));
    g.output("y", y);
    assertEquals(y.shape, shape);
    const wanted = floatsOf(a).map((value, at) => expected(value, floatsOf(b)[at % 3]));
    assertLess(relativeError(await runForFloats(g, { a, b }), wanted), 1e-6, name);
  }
});

Deno.test("every elementwise function is tested", () => {
  const functions = Object.entries(elementwise).filter(([, value]) => typeof value === "function");
  const tested = [...Object.keys(unaries), ...Object.keys(binaries)];
  assertEquals(functions.map(([name]) => name).sort(), tested.sort());
});

Deno.test("logSigmoid is exact where it matters: at 0, and where e^x leaves float32", async () => {
  const ln2 = Math.fround(Math.LN2);
  const found = await unary("logSigmoid", [0, -0, 200, -200, 1e30, -1e30]);
  assertEquals(Array.from(found, (value) => value + 0), [
    -ln2,
    -ln2,
    0,
    -200,
    0,
    Math.fround(-1e30),
  ]);
});

Deno.test("logSigmoid's gradient is right to float32 however little is left of it", async () => {
  const values = [-30, -5, 0, 5, 12, 30, 80];
  const g = new Graph("gradient");
  const x = g.input("x", "float32", [values.length]);
  const seed = g.constant(new Float32Array(values.length).fill(1), [values.length]);
  const y = elementwise.logSigmoid(g, x);
  g.output("dx", differentiate(g, new Map([[y, seed]]), [x]).get(x)!);
  const found = await runForFloats(g, { x: floats(Float32Array.from(values), [values.length]) });
  values.forEach((value, at) => {
    assertLess(relativeError([found[at]], [logistic(-value)]), 1e-5, `at ${value}`);
  });
});
