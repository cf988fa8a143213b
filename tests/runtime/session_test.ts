import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, TensorProto_DataType } from "onnx-buf";
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { add, Graph, greater, modelBytes, mul } from "../../lib/onnx/mod.ts";
import {
  type BackendName,
  floats,
  floatScalar,
  floatsOf,
  type HostTensor,
  ints,
  Session,
  type Tensors,
} from "../../lib/runtime/mod.ts";
import { doubling } from "./graphs.ts";

/** A test of both ways to call the runtime. */
function onBoth(name: string, test: (backend: BackendName) => Promise<void>): void {
  for (const backend of ["ffi", "binding"] as const) {
    Deno.test(`${name} (${backend})`, () => test(backend));
  }
}

/** `sum = a + b` over `[rows, 2]`, and which elements of it are above the scalar `limit`. */
async function open(backend: BackendName): Promise<Session> {
  const g = new Graph("sums");
  const a = g.input("a", "float32", ["rows", 2]);
  const b = g.input("b", "float32", ["rows", 2]);
  const limit = g.input("limit", "float32", []);
  const sum = add(g, a, b);
  g.output("sum", sum);
  g.output("above", greater(g, sum, limit));
  g.output("product", mul(g, a, b));
  return await Session.open(modelBytes(g), { name: "sums", threads: 1, backend });
}

const rows = (count: number, start = 0): HostTensor =>
  floats(Float32Array.from({ length: 2 * count }, (_, at) => start + at), [count, 2]);

const feeds = (): Record<string, HostTensor> => ({
  a: rows(2),
  b: rows(2, 10),
  limit: floatScalar(13),
});

async function refused(
  backend: BackendName,
  inputs: Tensors,
  says: string,
  into?: Tensors,
): Promise<void> {
  await using session = await open(backend);
  await assertRejects(() => session.run(inputs, into), TypeError, says);
  // The session is as good as new.
  const { sum } = await session.run(feeds());
  assertEquals(floatsOf(sum), Float32Array.of(10, 12, 14, 16));
}

onBoth("Session gives every output with its type and shape", async (backend) => {
  await using session = await open(backend);
  assertEquals(await session.run(feeds()), {
    sum: floats(Float32Array.of(10, 12, 14, 16), [2, 2]),
    above: { type: "bool", data: Uint8Array.of(0, 0, 1, 1), shape: [2, 2] },
    product: floats(Float32Array.of(0, 11, 24, 39), [2, 2]),
  });
});

onBoth("Session runs tensors without elements", async (backend) => {
  await using session = await open(backend);
  const { sum, above } = await session.run({ a: rows(0), b: rows(0), limit: floatScalar(0) });
  assertEquals([sum.shape, above.shape], [[0, 2], [0, 2]]);
});

onBoth("Session writes outputs into given tensors and returns the others", async (backend) => {
  await using session = await open(backend);
  const target = rows(2, 100);
  const { data } = target;
  const found = await session.run(feeds(), { sum: target });
  assertEquals(Object.keys(found).sort(), ["above", "product"]);
  assertStrictEquals(target.data, data);
  assertEquals(target.data, Float32Array.of(10, 12, 14, 16));
});

onBoth("Session adds to an input in its own place", async (backend) => {
  const g = new Graph("accumulate");
  const sofar = g.input("sofar", "float32", ["elements"]);
  const x = g.input("x", "float32", ["elements"]);
  g.output("sum", add(g, sofar, mul(g, x, x)));
  await using session = await Session.open(modelBytes(g), { backend });
  const buffer = floats(Float32Array.of(1, 2, 3), [3]);
  const feeds = { sofar: buffer, x: floats(Float32Array.of(10, 20, 30), [3]) };
  for (let round = 0; round < 3; round++) await session.run(feeds, { sum: buffer });
  assertEquals(buffer.data, Float32Array.of(301, 1202, 2703));
});

onBoth("Session refuses inputs that are missing or that nobody knows", async (backend) => {
  const { a, limit } = feeds();
  await refused(backend, { a, limit }, "sums: the input b is missing");
  await refused(backend, { ...feeds(), c: a }, "sums: there is no input c");
});

onBoth("Session refuses inputs of another type or rank", async (backend) => {
  await refused(
    backend,
    { ...feeds(), a: ints([1, 2, 3, 4], [2, 2]) },
    "sums: a is int64, expected float32",
  );
  const flat = floats(new Float32Array(4), [4]);
  await refused(backend, { ...feeds(), b: flat }, "sums: b has shape [4], expected [rows,2]");
  const one = floats(new Float32Array(1), [1]);
  await refused(backend, { ...feeds(), limit: one }, "sums: limit has shape [1], expected []");
});

onBoth(
  "Session refuses inputs of other lengths, and lengths that contradict each other",
  async (backend) => {
    const wide = floats(new Float32Array(6), [2, 3]);
    await refused(backend, { ...feeds(), a: wide }, "sums: a has shape [2,3], expected [rows,2]");
    await refused(backend, { ...feeds(), b: rows(3) }, "sums: rows is 3 in b and 2 in a");
    await refused(backend, { ...feeds(), b: rows(1) }, "sums: rows is 1 in b and 2 in a");
  },
);

onBoth("Session refuses to write where an output does not fit", async (backend) => {
  const into = (sum: HostTensor) => ({ sum });
  await refused(backend, feeds(), "sums: rows is 3 in sum and 2 in a", into(rows(3)));
  await refused(
    backend,
    feeds(),
    "sums: sum has shape [4]",
    into(floats(new Float32Array(4), [4])),
  );
  await refused(backend, feeds(), "sums: sum is int64", into(ints([1, 2, 3, 4], [2, 2])));
  await refused(backend, feeds(), "sums: there is no output total", { total: rows(2) });
});

onBoth("Session refuses tensors whose shape and contents disagree", async (backend) => {
  const holding = (data: unknown, shape = [2, 2]) => ({
    ...feeds(),
    a: { type: "float32", data, shape } as HostTensor,
  });
  const few = "sums: a has shape [2,2] but holds 3 elements";
  await refused(backend, holding(new Float32Array(3)), few);
  const folded = "sums: a has shape [-1,2] but holds 2 elements";
  await refused(backend, holding(new Float32Array(2), [-1, 2]), folded);
  const other = "sums: a is float32 but holds no Float32Array";
  await refused(backend, holding(new Int32Array(4)), other);
  await refused(backend, holding([1, 2, 3, 4]), other);
});

onBoth("Session refuses memory that can go away or change hands", async (backend) => {
  const holding = (data: Float32Array) => ({
    ...feeds(),
    a: { type: "float32", data, shape: [2, 2] } as HostTensor,
  });
  const shared = new Float32Array(new SharedArrayBuffer(16));
  await refused(backend, holding(shared), "sums: a is float32 but holds no Float32Array");
  const resizable = new Float32Array(new ArrayBuffer(16, { maxByteLength: 32 }), 0, 4);
  await refused(backend, holding(resizable), "sums: a is in a resizable buffer");
  const transferred = new Float32Array(4);
  transferred.buffer.transfer();
  await refused(backend, holding(transferred), "sums: a has shape [2,2] but holds 0 elements");
});

onBoth("Session does not run after it was disposed, and is disposed once", async (backend) => {
  const session = await open(backend);
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  await assertRejects(() => session.run(feeds()), TypeError, "sums was disposed and cannot run");
});

onBoth("Session is not disposed while it runs", async (backend) => {
  const session = await open(backend);
  const run = session.run(feeds());
  await assertRejects(() => session[Symbol.asyncDispose](), TypeError, "is running");
  assertEquals(Object.keys(await run).length, 3);
  await session[Symbol.asyncDispose]();
});

onBoth("Session runs calls that were made at once", async (backend) => {
  await using session = await open(backend);
  const runs = Array.from({ length: 8 }, (_, at) => session.run({ ...feeds(), a: rows(2, at) }));
  for (const [at, { sum }] of (await Promise.all(runs)).entries()) {
    assertEquals(floatsOf(sum)[0], 10 + at);
  }
});

onBoth("Session says which model cannot be opened", async (backend) => {
  for (const bytes of [new Uint8Array(), Uint8Array.of(1, 2, 3)]) {
    const opened = () => Session.open(bytes, { name: "layer/eval_model.onnx", backend });
    await assertRejects(opened, UserError, "layer/eval_model.onnx cannot be opened");
  }
  const g = new Graph("unknown");
  g.output("y", g.node("NoSuchOperator", [g.input("x", "float32", [])], "float32", []));
  await assertRejects(() => Session.open(modelBytes(g), { backend }), UserError, "NoSuchOperator");
});

onBoth("Session says which inputs and outputs no host tensor can be", async (backend) => {
  const g = new Graph("halves");
  g.output("y", g.input("x", "float32", [2]));
  const model = fromBinary(ModelProtoSchema, modelBytes(g));
  for (const { type } of [...model.graph!.input, ...model.graph!.output]) {
    if (type?.value.case === "tensorType") type.value.value.elemType = TensorProto_DataType.FLOAT16;
  }
  const bytes = toBinary(ModelProtoSchema, model);
  await assertRejects(
    () => Session.open(bytes, { name: "halves", backend }),
    UserError,
    "halves cannot be opened: its input x is float16, expected one of float32, int64, bool",
  );
});

onBoth("Session gives inputs and constants that are outputs as well", async (backend) => {
  const g = new Graph("through");
  const x = g.input("x", "float32", ["n"]);
  g.output("same", x);
  g.output("again", x);
  g.output("constant", g.ints([1, 2]));
  await using session = await Session.open(modelBytes(g), { backend });
  for (const length of [3, 30_000]) {
    const given = floats(new Float32Array(length).fill(length), [length]);
    for (let round = 0; round < 3; round++) {
      const { same, again, constant } = await session.run({ x: given });
      assertEquals([same, again], [given, given]);
      assertEquals(new Set([given.data.buffer, same.data.buffer, again.data.buffer]).size, 3);
      assertEquals(constant, ints([1, 2]));
    }
  }
});

onBoth("Session gives outputs whose lengths only the run tells", async (backend) => {
  const g = new Graph("found");
  const x = g.input("x", "float32", ["n"]);
  const found = g.node("NonZero", [x], "int64", [1, "found"]);
  g.output("found", found);
  await using session = await Session.open(modelBytes(g), { backend });
  for (const count of [0, 2, 5000, 1]) {
    const data = new Float32Array(10_000).fill(1, 0, count);
    const { found } = await session.run({ x: floats(data, [10_000]) });
    assertEquals(found, ints(Array.from({ length: count }, (_, at) => at), [1, count]));
  }
});

onBoth("Session says what went wrong within a run, and runs on", async (backend) => {
  const g = new Graph("rows");
  const x = g.input("x", "float32", ["n"]);
  g.output("rows", g.node("Gather", [x, g.input("at", "int64", ["m"])], "float32", ["m"]));
  await using session = await Session.open(modelBytes(g), { backend });
  const given = floats(Float32Array.of(1, 2, 3), [3]);
  for (let round = 0; round < 3; round++) {
    await assertRejects(() => session.run({ x: given, at: ints([7]) }), Error, "indices element");
    const { rows } = await session.run({ x: given, at: ints([2]) });
    assertEquals(floatsOf(rows), Float32Array.of(3));
  }
});

onBoth("Session reads arrays anew at every run, wherever they lie", async (backend) => {
  await using session = await Session.open(doubling(), { backend });
  for (const length of [2, 10_000]) {
    const all = new Float32Array(3 * length);
    const part = all.subarray(length, 2 * length);
    for (let round = 1; round <= 4; round++) {
      part.fill(round);
      const { twice } = await session.run({ x: floats(part, [length]) });
      assertEquals(floatsOf(twice), new Float32Array(length).fill(2 * round));
    }
    all.buffer.transfer();
    await assertRejects(() => session.run({ x: { type: "float32", data: part, shape: [length] } }));
  }
});

onBoth("Session sums into one buffer from runs that were started at once", async (backend) => {
  const g = new Graph("accumulate");
  const sofar = g.input("sofar", "float32", ["n"]);
  g.output("sum", add(g, sofar, g.input("x", "float32", ["n"])));
  const model = modelBytes(g);
  await using one = await Session.open(model, { backend });
  await using other = await Session.open(model, { backend });
  const length = 300_000;
  const buffer = floats(new Float32Array(length), [length]);
  const x = floats(new Float32Array(length).fill(1), [length]);
  const runs = Array.from(
    { length: 20 },
    (_, at) => (at % 2 ? one : other).run({ sofar: buffer, x }, { sum: buffer }),
  );
  await Promise.all(runs);
  assertEquals(buffer.data, new Float32Array(length).fill(20));
});

onBoth("Session refuses numbers of threads that are none", async (backend) => {
  for (const threads of [-1, 1.5, NaN, 2 ** 31]) {
    const opened = () => Session.open(doubling(), { name: "sums", threads, backend });
    const says = `sums cannot be opened: ${threads} is no number of threads`;
    await assertRejects(opened, UserError, says);
  }
});
