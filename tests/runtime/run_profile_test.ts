import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { Random } from "../../lib/flow/random.ts";
import { packRow } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { Graph, modelBytes, mul } from "../../lib/onnx/mod.ts";
import { floats, RunProfile, Session } from "../../lib/runtime/mod.ts";
import { AdamW, Learner, trainStep } from "../../lib/train/mod.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";

interface Event {
  name: string;
  ph: string;
  ts: number;
  dur: number;
  tid: number;
  args: Record<string, number>;
}

async function eventsOf(path: string): Promise<Event[]> {
  const { traceEvents } = JSON.parse(await Deno.readTextFile(path)) as { traceEvents: Event[] };
  return traceEvents;
}

async function withFile(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "longpo" });
  try {
    await use(`${folder}/trace.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function openDouble(name: string): Promise<Session> {
  const g = new Graph("double");
  const x = g.input("x", "float32", ["n"]);
  g.output("y", mul(g, x, g.scalar(2)));
  return await Session.open(modelBytes(g), { name });
}

Deno.test("a profile of a step names every segment, and its times add up", async () => {
  await withFile(async (path) => {
    const { config, parameters } = smallModel({ layers: 3 });
    const document = randomDocument(new Random("profile"), {
      id: "row",
      vocabulary: 40,
      trunk: 60,
      answers: [[5, 8]],
    });
    const row = packRow([document]);
    await using learner = await Learner.open(config, parameters, { objective: longpo });
    await using optimizer = await AdamW.open(learner.artifacts, parameters);
    const profile = await RunProfile.open(path);
    const batch = { rows: [row], documents: 1, tokens: row.tokens.length };
    await trainStep(learner, optimizer, batch, 1e-3);
    const { sessions, busy, outside, seconds } = await profile.end();
    // Nobody watches any more.
    await trainStep(learner, optimizer, batch, 1e-3);

    const runs = Object.fromEntries(sessions.map(({ name, runs }) => [name, runs]));
    assertEquals(runs, {
      "embed/eval_model.onnx": 1,
      "layer/eval_model.onnx": 3,
      "head/training_model.onnx": 1,
      "layer/training_model.onnx": 3,
      "embed/training_model.onnx": 1,
      "optimizer_model.onnx": parameters.size,
    });
    assertAlmostEquals(sessions.reduce((sum, one) => sum + one.seconds, 0), busy, 1e-6);
    assertAlmostEquals(busy + outside, seconds, 1e-9);
    assert(outside > 0 && busy > 0);

    const events = await eventsOf(path);
    const spans = events.filter(({ ph }) => ph === "X");
    for (const { name, runs, seconds, bytesIn, bytesOut } of sessions) {
      const own = spans.filter((span) => span.name === name);
      assertEquals(own.length, runs);
      assertAlmostEquals(own.reduce((sum, { dur }) => sum + dur, 0) / 1e6, seconds, runs * 1e-6);
      assertEquals(own.reduce((sum, { args }) => sum + args.bytesIn, 0), bytesIn);
      assertEquals(own.reduce((sum, { args }) => sum + args.bytesOut, 0), bytesOut);
    }
    assertEquals(spans.length, Object.values(runs).reduce((sum, count) => sum + count, 0));
    const counters = events.filter(({ ph }) => ph === "C");
    assert(counters.length > 0 && counters.every(({ args }) => args.MiB > 0));
  });
});

Deno.test("a profile looks into as many runs of a session as it was asked to", async () => {
  await withFile(async (path) => {
    await using session = await openDouble("double");
    const profile = await RunProfile.open(path, { operators: 2 });
    for (let run = 0; run < 3; run++) await session.run({ x: floats(Float32Array.of(1), [1]) });
    const { sessions: [total], operators, ...times } = await profile.end();
    assertEquals([total.runs, total.lookedInto], [3, 2]);
    assert(total.secondsLookedInto <= total.seconds);
    const { busy, looking, outside } = times;
    assert(busy > 0 && looking > 0 && outside > 0);
    assertAlmostEquals(busy + looking + outside, times.seconds, 1e-9);
    const [{ seconds, ...mul }] = operators;
    assertEquals(operators.length, 1);
    assertEquals(mul, { session: "double", operator: "Mul", calls: 2, bytesOut: 8 });
    assert(seconds <= total.secondsLookedInto);

    const events = await eventsOf(path);
    const [runs, calls] = ["double", "Mul"].map((it) => events.filter(({ name }) => name === it));
    assertEquals([runs.length, calls.length], [3, 2]);
    // Viewers take a span for the child of another by its time and track.
    for (const [at, { ts, dur, tid }] of calls.entries()) {
      const run = runs[at];
      assert(tid === run.tid && ts >= run.ts && ts + dur <= run.ts + run.dur + 2);
    }
  });
});

Deno.test("a profile counts bytes, and time that sessions run side by side once", async () => {
  await withFile(async (path) => {
    const sessions = await Promise.all(["left", "right"].map(openDouble));
    const profile = await RunProfile.open(path);
    const x = floats(new Float32Array(3_000_000), [3_000_000]);
    await Promise.all(sessions.map((session) => session.run({ x })));
    const totals = await profile.end();
    for (const session of sessions) await session[Symbol.asyncDispose]();

    assertEquals(totals.sessions.map(({ name }) => name).toSorted(), ["left", "right"]);
    for (const { bytesIn, bytesOut } of totals.sessions) {
      assertEquals([bytesIn, bytesOut], [12_000_000, 12_000_000]);
    }
    const spans = (await eventsOf(path)).filter(({ ph }) => ph === "X");
    const [first, second] = spans.toSorted((a, b) => a.ts - b.ts);
    // What overlaps is on tracks of its own, and what does not needs none.
    const gap = second.ts - (first.ts + first.dur);
    if (Math.abs(gap) > 2) assertEquals(first.tid !== second.tid, gap < 0);
    const end = Math.max(first.ts + first.dur, second.ts + second.dur);
    const union = end - first.ts - Math.max(0, gap);
    assertAlmostEquals(totals.busy, union / 1e6, 1e-5);
  });
});

Deno.test("a profile that nobody ran under is an empty trace", async () => {
  await withFile(async (path) => {
    await using profile = await RunProfile.open(path);
    const { sessions, busy } = await profile.end();
    assertEquals({ sessions, busy }, { sessions: [], busy: 0 });
    assertEquals((await eventsOf(path)).filter(({ ph }) => ph === "X"), []);
    await assertRejects(() => Deno.stat(`${path}.part`), Deno.errors.NotFound);
  });
});

Deno.test("a profile says which file it cannot write", async () => {
  await withFile(async (path) => {
    await assertRejects(() => RunProfile.open(`${path}/no/trace.json`), UserError, "trace.json");
  });
});
