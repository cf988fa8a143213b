import { assert, assertEquals, assertGreater } from "@std/assert";
import { add, Graph, matmul, modelBytes } from "../../lib/onnx/mod.ts";
import { loop } from "../../lib/onnx/composites/loop.ts";
import { type BackendName, floats, observeRuns, Session } from "../../lib/runtime/mod.ts";
import type { ObservedRun } from "../../lib/runtime/mod.ts";
import { readOperatorTrace } from "../../lib/runtime/operator_trace.ts";

const SIDE = 64;
const TURNS = 5;

/** `x` times `w` five times over, and the input added in the end. */
function powers(): Uint8Array {
  const g = new Graph("powers");
  const x = g.input("x", "float32", ["rows", SIDE]);
  const w = g.input("w", "float32", [SIDE, SIDE]);
  const turns = g.constant(BigInt64Array.of(BigInt(TURNS)), []);
  const { carried: [power] } = loop(g, turns, TURNS, [x], (inner, _turn, [product]) => {
    return { carried: [matmul(inner, product, w)], stacked: [] };
  });
  g.output("y", add(g, power, x));
  return modelBytes(g);
}

async function runOnce(options: { backend?: BackendName; looksInto: boolean }) {
  await using session = await Session.open(powers(), { name: "powers", ...options });
  const seen: ObservedRun[] = [];
  using _watch = observeRuns((run) => seen.push(run), () => options.looksInto);
  const w = floats(new Float32Array(SIDE * SIDE), [SIDE, SIDE]);
  await session.run({ x: floats(new Float32Array(3 * SIDE), [3, SIDE]), w });
  assertEquals(seen.length, 1);
  return seen[0];
}

Deno.test("a run that is looked into tells its operators, those in a loop's body too", async () => {
  const { operators, start, end } = await runOnce({ backend: "ffi", looksInto: true });
  const { calls, took } = operators!.trace;
  const counts = Object.groupBy(calls, ({ operator }) => operator);
  assertEquals(
    Object.fromEntries(Object.entries(counts).map(([name, calls]) => [name, calls!.length])),
    { "Loop": 1, "Loop/MatMul": TURNS, "Loop/Identity": TURNS, "Add": 1 },
  );
  for (const { inputs, outputs, bytesOut } of counts["Loop/MatMul"]!) {
    assertEquals([inputs, outputs, bytesOut], ["3x64, 64x64", "3x64", 3 * SIDE * 4]);
  }
  const own = calls.reduce((sum, call) => sum + call.own, 0);
  assert(own <= took, `${own} of ${took} microseconds`);
  for (const call of calls) {
    assert(call.own >= 0 && call.start + call.took <= took, JSON.stringify(call));
  }
  assert(operators!.start >= start && operators!.start + took / 1000 <= end + 1e-6);
});

Deno.test("a run that nobody looks into tells no operators", async () => {
  assertEquals((await runOnce({ backend: "ffi", looksInto: false })).operators, undefined);
});

Deno.test("the binding cannot look into runs, and runs them all the same", async () => {
  const run = await runOnce({ backend: "binding", looksInto: true });
  assertEquals(run.operators, undefined);
  assertGreater(run.bytesOut, 0);
});

Deno.test("readOperatorTrace takes what is in a body from what is around it", () => {
  const node = (name: string, ts: number, dur: number) => ({
    name: `${name}_kernel_time`,
    ts,
    dur,
    args: { op_name: name, output_size: "8", output_type_shape: [{ float: [2] }] },
  });
  // The runtime writes an operator down when it ends: bodies come before what is around them.
  const events = [
    node("Mul", 12, 3),
    node("Add", 15, 4),
    node("Loop", 11, 10),
    node("Sub", 21, 0),
    { name: "model_run", ts: 0, dur: 30, args: {} },
  ];
  const { took, calls } = readOperatorTrace(JSON.stringify(events));
  assertEquals(took, 30);
  assertEquals(calls.map(({ operator, start, took, own }) => [operator, start, took, own]), [
    ["Loop", 11, 10, 3],
    ["Loop/Mul", 12, 3, 3],
    ["Loop/Add", 15, 4, 4],
    ["Sub", 21, 0, 0],
  ]);
  assertEquals(calls.map(({ node }) => node), ["Loop", "Mul", "Add", "Sub"]);
});
