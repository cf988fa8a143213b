import { assertAlmostEquals, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  add,
  differentiate,
  evalGraph,
  exp,
  Graph,
  greater,
  loop,
  minimum,
  mul,
  type Segment,
  trainingGraph,
  type Value,
  where,
} from "../../lib/onnx/mod.ts";
import { floats, floatsOf, type HostTensor } from "../../lib/runtime/mod.ts";
import { runForFloats, runGraph } from "../support/run_graph.ts";

function pair(): { g: Graph; x: Value; y: Value } {
  const g = new Graph("pair");
  return { g, x: g.input("x", "float32", [2]), y: g.input("y", "float32", [2]) };
}

const feeds = {
  x: floats(Float32Array.of(2, 3), [2]),
  y: floats(Float32Array.of(5, 7), [2]),
};

Deno.test("differentiate adds up the gradients of all of a value's readers", async () => {
  const { g, x } = pair();
  const result = add(g, mul(g, x, x), mul(g, x, g.scalar(10)));
  const gradients = differentiate(g, new Map([[result, g.scalar(1)]]), [x]);
  g.output("dx", gradients.get(x)!);
  assertEquals(await runForFloats(g, feeds), Float32Array.of(14, 16));
});

Deno.test("differentiate takes several seeds, also where one depends on another", async () => {
  const { g, x } = pair();
  const square = mul(g, x, x);
  const fourth = mul(g, square, square);
  const seeds = new Map([[square, g.scalar(1)], [fourth, g.scalar(0.5)]]);
  g.output("dx", differentiate(g, seeds, [x]).get(x)!);
  assertEquals(await runForFloats(g, feeds), Float32Array.of(4 + 16, 6 + 54));
});

Deno.test("differentiate gives the seed itself where a source is differentiated from", () => {
  const { g, x } = pair();
  const seed = g.scalar(1);
  assertStrictEquals(differentiate(g, new Map([[x, seed]]), [x]).get(x), seed);
});

Deno.test("differentiate gives gradients of values inside the graph", async () => {
  const { g, x } = pair();
  const inner = exp(g, x);
  const result = mul(g, inner, inner);
  g.output("d", differentiate(g, new Map([[result, g.scalar(1)]]), [inner]).get(inner)!);
  const found = await runForFloats(g, feeds);
  assertEquals(found.map((value) => Math.round(value)), Float32Array.of(15, 40));
});

Deno.test("a source that nothing differentiated depends on has no gradient", () => {
  const { g, x, y } = pair();
  exp(g, y);
  const chosen = where(g, greater(g, y, g.scalar(6)), x, g.scalar(0));
  const gradients = differentiate(g, new Map([[chosen, g.scalar(1)]]), [x, y]);
  assertEquals([...gradients.keys()], [x]);
});

Deno.test("an operator without a rule is an error only where a gradient passes it", () => {
  const aside = pair();
  const unused = minimum(aside.g, aside.x, aside.y);
  const constant = minimum(aside.g, aside.y, aside.y);
  const result = mul(aside.g, aside.x, constant);
  const gradients = differentiate(aside.g, new Map([[result, aside.g.scalar(1)]]), [aside.x]);
  assertEquals(gradients.size, 1);
  assertEquals(unused.type, "float32");

  const { g, x, y } = pair();
  const seeds = new Map([[minimum(g, x, y), g.scalar(1)]]);
  assertThrows(
    () => differentiate(g, seeds, [x]),
    TypeError,
    "Cannot differentiate Min: it has no gradient rule",
  );
});

Deno.test("a loop that reads a source from the inside is not taken for a constant", () => {
  const { g, x, y } = pair();
  const turns = g.constant(BigInt64Array.of(3n), []);
  const { carried: [power] } = loop(g, turns, 3, [y], (inner, _turn, [sofar]) => ({
    carried: [mul(inner, sofar, x)],
    stacked: [],
  }));
  const seeds = new Map([[power, g.scalar(1)]]);
  assertThrows(() => differentiate(g, seeds, [x]), TypeError, "Cannot differentiate Loop");
});

const scale: Segment = {
  name: "scale",
  build(g) {
    const input = g.input("input", "float32", ["tokens"]);
    const weight = g.input("weight", "float32", ["tokens"]);
    const outputs = { hidden: mul(g, input, weight) };
    return { flowing: [input], parameters: [weight], outputs, differentiable: "hidden" };
  },
};

Deno.test("a segment's training graph gives the input's gradient and adds the parameter's", async () => {
  const weight = floats(Float32Array.of(5, 7), [2]);
  const { hidden } = await runGraph(evalGraph(scale), { input: feeds.x, weight });
  assertEquals(floatsOf(hidden), Float32Array.of(10, 21));
  const found = await runGraph(trainingGraph(scale), {
    input: feeds.x,
    weight,
    hidden_grad: floats(Float32Array.of(1, 10), [2]),
    "weight_grad.accumulation.buffer": floats(Float32Array.of(100, 100), [2]),
  });
  assertEquals(Object.keys(found).sort(), ["input_grad", "weight_grad.accumulation.out"]);
  assertEquals(floatsOf(found.input_grad), Float32Array.of(5, 70));
  assertEquals(floatsOf(found["weight_grad.accumulation.out"]), Float32Array.of(102, 130));
});

Deno.test("what a segment keeps, the training graph takes instead of computing it again", async () => {
  const power: Segment = {
    name: "power",
    build(g) {
      const input = g.input("input", "float32", ["tokens"]);
      const weight = g.input("weight", "float32", ["tokens"]);
      const kept = { power: exp(g, mul(g, input, weight)) };
      const outputs = { hidden: mul(g, kept.power, input) };
      return { flowing: [input], parameters: [weight], outputs, differentiable: "hidden", kept };
    },
  };
  const training = trainingGraph(power);
  assertEquals(training.nodes.some(({ op }) => op === "Exp"), false);
  assertEquals(evalGraph(power).outputs.map(({ name }) => name), ["hidden"]);

  const weight = floats(Float32Array.of(0.5, -1), [2]);
  const { hidden, ...kept } = await runGraph(evalGraph(power, { keep: true }), {
    input: feeds.x,
    weight,
  });
  const found = await runGraph(training, {
    input: feeds.x,
    weight,
    ...kept,
    hidden_grad: floats(Float32Array.of(1, 10), [2]),
    "weight_grad.accumulation.buffer": floats(new Float32Array(2), [2]),
  });
  // x e^(xw): by x it is (1 + xw) e^(xw), by w x^2 e^(xw).
  const e = [Math.exp(1), Math.exp(-3)];
  const close = (actual: HostTensor, expected: number[]) =>
    floatsOf(actual).forEach((value, at) => assertAlmostEquals(value, expected[at], 1e-5));
  close(hidden, [2 * e[0], 3 * e[1]]);
  close(found.input_grad, [2 * e[0], -20 * e[1]]);
  close(found["weight_grad.accumulation.out"], [4 * e[0], 90 * e[1]]);
});

Deno.test("a segment's parameter that does not reach the output is an error that names it", () => {
  const segment: Segment = {
    name: "idle",
    build(g) {
      const parts = scale.build(g);
      return { ...parts, parameters: [...parts.parameters, g.input("bias", "float32", [1])] };
    },
  };
  assertThrows(() => trainingGraph(segment), TypeError, "idle: bias does not reach the output");
});
