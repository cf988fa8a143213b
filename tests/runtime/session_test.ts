import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { add, Graph, greater, modelBytes, mul } from "../../lib/onnx/mod.ts";
import {
  floats,
  floatScalar,
  floatsOf,
  type HostTensor,
  ints,
  Session,
  type Tensors,
} from "../../lib/runtime/mod.ts";

/** `sum = a + b` over `[rows, 2]`, and which elements of it are above the scalar `limit`. */
async function open(): Promise<Session> {
  const g = new Graph("sums");
  const a = g.input("a", "float32", ["rows", 2]);
  const b = g.input("b", "float32", ["rows", 2]);
  const limit = g.input("limit", "float32", []);
  const sum = add(g, a, b);
  g.output("sum", sum);
  g.output("above", greater(g, sum, limit));
  g.output("product", mul(g, a, b));
  return await Session.open(modelBytes(g), { name: "sums", threads: 1 });
}

const rows = (count: number, start = 0): HostTensor =>
  floats(Float32Array.from({ length: 2 * count }, (_, at) => start + at), [count, 2]);

const feeds = (): Record<string, HostTensor> => ({
  a: rows(2),
  b: rows(2, 10),
  limit: floatScalar(13),
});

async function refused(inputs: Tensors, says: string, into?: Tensors): Promise<void> {
  await using session = await open();
  await assertRejects(() => session.run(inputs, into), TypeError, says);
  // The session is as good as new.
  const { sum } = await session.run(feeds());
  assertEquals(floatsOf(sum), Float32Array.of(10, 12, 14, 16));
}

Deno.test("Session gives every output with its type and shape", async () => {
  await using session = await open();
  assertEquals(await session.run(feeds()), {
    sum: floats(Float32Array.of(10, 12, 14, 16), [2, 2]),
    above: { type: "bool", data: Uint8Array.of(0, 0, 1, 1), shape: [2, 2] },
    product: floats(Float32Array.of(0, 11, 24, 39), [2, 2]),
  });
});

Deno.test("Session runs tensors without elements", async () => {
  await using session = await open();
  const { sum, above } = await session.run({ a: rows(0), b: rows(0), limit: floatScalar(0) });
  assertEquals([sum.shape, above.shape], [[0, 2], [0, 2]]);
});

Deno.test("Session writes outputs into given tensors and returns the others", async () => {
  await using session = await open();
  const target = rows(2, 100);
  const { data } = target;
  const found = await session.run(feeds(), { sum: target });
  assertEquals(Object.keys(found).sort(), ["above", "product"]);
  assertStrictEquals(target.data, data);
  assertEquals(target.data, Float32Array.of(10, 12, 14, 16));
});

Deno.test("Session adds to an input in its own place", async () => {
  const g = new Graph("accumulate");
  const sofar = g.input("sofar", "float32", ["elements"]);
  const x = g.input("x", "float32", ["elements"]);
  g.output("sum", add(g, sofar, mul(g, x, x)));
  await using session = await Session.open(modelBytes(g));
  const buffer = floats(Float32Array.of(1, 2, 3), [3]);
  const feeds = { sofar: buffer, x: floats(Float32Array.of(10, 20, 30), [3]) };
  for (let round = 0; round < 3; round++) await session.run(feeds, { sum: buffer });
  assertEquals(buffer.data, Float32Array.of(301, 1202, 2703));
});

Deno.test("Session refuses inputs that are missing or that nobody knows", async () => {
  const { a, limit } = feeds();
  await refused({ a, limit }, "sums: the input b is missing");
  await refused({ ...feeds(), c: a }, "sums: there is no input c");
});

Deno.test("Session refuses inputs of another type or rank", async () => {
  await refused(
    { ...feeds(), a: ints([1, 2, 3, 4], [2, 2]) },
    "sums: a is int64, expected float32",
  );
  const flat = floats(new Float32Array(4), [4]);
  await refused({ ...feeds(), b: flat }, "sums: b has shape [4], expected [rows,2]");
  const one = floats(new Float32Array(1), [1]);
  await refused({ ...feeds(), limit: one }, "sums: limit has shape [1], expected []");
});

Deno.test("Session refuses inputs of other lengths, and lengths that contradict each other", async () => {
  const wide = floats(new Float32Array(6), [2, 3]);
  await refused({ ...feeds(), a: wide }, "sums: a has shape [2,3], expected [rows,2]");
  await refused({ ...feeds(), b: rows(3) }, "sums: rows is 3 in b and 2 in a");
  await refused({ ...feeds(), b: rows(1) }, "sums: rows is 1 in b and 2 in a");
});

Deno.test("Session refuses to write where an output does not fit", async () => {
  const into = (sum: HostTensor) => ({ sum });
  await refused(feeds(), "sums: rows is 3 in sum and 2 in a", into(rows(3)));
  await refused(feeds(), "sums: sum has shape [4]", into(floats(new Float32Array(4), [4])));
  await refused(feeds(), "sums: sum is int64", into(ints([1, 2, 3, 4], [2, 2])));
  await refused(feeds(), "sums: there is no output total", { total: rows(2) });
});

Deno.test("Session refuses tensors whose shape and contents disagree", async () => {
  await using session = await open();
  const broken = { type: "float32", data: new Float32Array(3), shape: [2, 2] } as const;
  await assertRejects(() => session.run({ ...feeds(), a: broken }));
  assertEquals(Object.keys(await session.run(feeds())).length, 3);
});

Deno.test("Session does not run after it was disposed, and is disposed once", async () => {
  const session = await open();
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  await assertRejects(() => session.run(feeds()), TypeError, "sums was disposed and cannot run");
});

Deno.test("Session is not disposed while it runs", async () => {
  const session = await open();
  const run = session.run(feeds());
  await assertRejects(() => session[Symbol.asyncDispose](), TypeError, "is running");
  assertEquals(Object.keys(await run).length, 3);
  await session[Symbol.asyncDispose]();
});

Deno.test("Session runs calls that were made at once", async () => {
  await using session = await open();
  const runs = Array.from({ length: 8 }, (_, at) => session.run({ ...feeds(), a: rows(2, at) }));
  for (const [at, { sum }] of (await Promise.all(runs)).entries()) {
    assertEquals(floatsOf(sum)[0], 10 + at);
  }
});

Deno.test("Session says which model cannot be opened", async () => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3)]) {
    const opened = () => Session.open(bytes, { name: "layer/eval_model.onnx" });
    await assertRejects(opened, UserError, "layer/eval_model.onnx cannot be opened");
  }
  const g = new Graph("unknown");
  g.output("y", g.node("NoSuchOperator", [g.input("x", "float32", [])], "float32", []));
  await assertRejects(() => Session.open(modelBytes(g)), UserError, "NoSuchOperator");
});
