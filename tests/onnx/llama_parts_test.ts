import { assertLess, assertThrows } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { Graph, rmsNorm, rotate, swiGlu } from "../../lib/onnx/mod.ts";
import { floatsOf } from "../../lib/runtime/mod.ts";
import { relativeError } from "../support/golden_cases.ts";
import { runForFloats, uniform } from "../support/run_graph.ts";

const random = new Random("parts");
const [tokens, heads, half] = [3, 2, 4];
const width = heads * 2 * half;

Deno.test("rmsNorm divides rows by their root mean square and multiplies by the weight", async () => {
  const g = new Graph("norm");
  const x = g.input("x", "float32", ["tokens", width]);
  g.output("y", rmsNorm(g, x, g.input("weight", "float32", [width]), 0.01));
  const feeds = { x: uniform(random, [tokens, width]), weight: uniform(random, [width]) };
  const [rows, weight] = [floatsOf(feeds.x), floatsOf(feeds.weight)];
  const expected = Array.from(rows, (value, at) => {
    const start = at - at % width;
    const squares = rows.subarray(start, start + width).reduce((sum, each) => sum + each ** 2, 0);
    return value / Math.sqrt(squares / width + 0.01) * weight[at % width];
  });
  assertLess(relativeError(await runForFloats(g, feeds), expected), 1e-6);
});

Deno.test("rotate turns each pair of a head by its token's angle", async () => {
  const g = new Graph("rotary");
  const x = g.input("x", "float32", ["tokens", width]);
  const angle = (name: string) => g.input(name, "float32", ["tokens", half]);
  g.output("y", rotate(g, x, angle("cos"), angle("sin")));
  const table = () => uniform(random, [tokens, half]);
  const feeds = { x: uniform(random, [tokens, width]), cos: table(), sin: table() };
  const [from, cos, sin] = [feeds.x, feeds.cos, feeds.sin].map((tensor) => floatsOf(tensor));
  const expected = Array.from(from, (value, at) => {
    const [token, place] = [Math.floor(at / width), at % (2 * half)];
    const turn = token * half + place % half;
    const other = place < half ? -from[at + half] : from[at - half];
    return value * cos[turn] + other * sin[turn];
  });
  assertLess(relativeError(await runForFloats(g, feeds), expected), 1e-6);
});

Deno.test("swiGlu is up times gate times the sigmoid of gate", async () => {
  const g = new Graph("swiglu");
  const input = (name: string) => g.input(name, "float32", ["tokens", 4]);
  g.output("y", swiGlu(g, input("gate"), input("up")));
  const feeds = { gate: uniform(random, [tokens, 4], [-9, 9]), up: uniform(random, [tokens, 4]) };
  const [gate, up] = [floatsOf(feeds.gate), floatsOf(feeds.up)];
  const expected = Array.from(up, (value, at) => value * gate[at] / (1 + Math.exp(-gate[at])));
  assertLess(relativeError(await runForFloats(g, feeds), expected), 1e-6);
});

Deno.test("parts of Llama refuse shapes that do not go together", () => {
  const g = new Graph("wrong");
  const x = g.input("x", "float32", ["tokens", 6]);
  const table = g.input("table", "float32", ["tokens", 2]);
  assertThrows(() => rotate(g, x, table, table), TypeError, "[tokens,6] by angles of shape");
  assertThrows(() => rmsNorm(g, x, table, 1e-6), TypeError, "weight of shape [tokens,2]");
});
