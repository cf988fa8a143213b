// What native code must not do to the program around it.
import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Graph, modelBytes } from "../../lib/onnx/mod.ts";
import { floats, floatsOf, ints, Session } from "../../lib/runtime/mod.ts";
import { chain, chainInputs, doubling } from "./graphs.ts";
import { runProgram } from "./run_program.ts";

/** Counts turns of a timer until it is stopped. */
function countTurns(): { turns: number } & Disposable {
  const counted = { turns: 0, [Symbol.dispose]: () => clearInterval(timer) };
  const timer = setInterval(() => counted.turns++, 0);
  return counted;
}

Deno.test("timers get many turns while one graph runs", async () => {
  await using session = await Session.open(chain());
  using timer = countTurns();
  const { product } = await session.run(chainInputs());
  assertGreater(timer.turns, 5);
  assertEquals(floatsOf(product), chainInputs().x.data);
});

Deno.test("timers get turns between quick runs", async () => {
  await using session = await Session.open(doubling());
  using timer = countTurns();
  const x = floats(Float32Array.of(1), [1]);
  for (let run = 0; run < 20_000; run++) await session.run({ x });
  assertGreater(timer.turns, 0);
});

Deno.test("runs of different sessions overlap", async () => {
  await using slow = await Session.open(chain());
  await using quick = await Session.open(doubling());
  let over = false;
  const run = slow.run(chainInputs()).then(() => over = true);
  await quick.run({ x: floats(Float32Array.of(1), [1]) });
  assert(!over);
  await run;
});

Deno.test("a run keeps the arrays that nobody else holds", async () => {
  await using session = await Session.open(chain());
  const run = session.run(chainInputs());
  // Enough garbage to have everything collected that can be.
  for (let at = 0; at < 40; at++) {
    new Float32Array(4_000_000).fill(7);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const { product } = await run;
  assertEquals(floatsOf(product), chainInputs().x.data);
});

Deno.test("Session is not disposed while it runs aside", async () => {
  const session = await Session.open(chain());
  const run = session.run(chainInputs());
  await new Promise((resolve) => setTimeout(resolve, 5));
  await assertRejects(() => session[Symbol.asyncDispose](), TypeError, "is running");
  assertEquals(Object.keys(await run), ["product"]);
  await session[Symbol.asyncDispose]();
});

Deno.test("memory does not grow with runs or sessions", async () => {
  const g = new Graph("found");
  const x = g.input("x", "float32", ["n"]);
  g.output("found", g.node("NonZero", [x], "int64", [1, "found"]));
  const model = modelBytes(g);
  const given = floats(new Float32Array(250_000).fill(1), [250_000]);
  const round = async () => {
    await using session = await Session.open(model, { threads: 1 });
    for (let run = 0; run < 5; run++) await session.run({ x: given });
    await assertRejects(() => session.run({ x: ints([1]) }));
  };
  for (let warm = 0; warm < 30; warm++) await round();
  const before = Deno.memoryUsage().rss;
  // Outputs of 1 GB in all, and 100 sessions.
  for (let at = 0; at < 100; at++) await round();
  assertGreater(400e6, Deno.memoryUsage().rss - before);
});

Deno.test("workers run graphs, and are ended in the middle of one", async () => {
  const path = new URL("./programs/endless_worker.ts", import.meta.url);
  for (const delay of [0, 20, 60]) {
    const worker = new Worker(path, { type: "module" });
    const { promise, resolve } = Promise.withResolvers<MessageEvent>();
    worker.onmessage = resolve;
    assertEquals((await promise).data, "ffi");
    await new Promise((resolve) => setTimeout(resolve, delay));
    worker.terminate();
  }
  await using session = await Session.open(doubling());
  const { twice } = await session.run({ x: floats(Float32Array.of(3), [1]) });
  assertEquals(twice.data, Float32Array.of(6));
});

Deno.test("a program that ends while a graph runs ends as it was told to", async () => {
  const end = (ending: string) => runProgram("end_in_flight.ts", { args: [ending] });
  const [exit, thrown, rejected] = await Promise.all(["exit", "throw", "reject"].map(end));
  assertEquals([exit.code, exit.out, exit.err], [7, "", ""]);
  assertEquals([thrown.code, thrown.out], [1, ""]);
  assertStringIncludes(thrown.err, "Uncaught Error: thrown in flight");
  assertEquals([rejected.code, rejected.out], [1, ""]);
  assertStringIncludes(rejected.err, "Error: rejected in flight");
});
