import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { packBatch } from "../../lib/data/mod.ts";
import { createContext, UserError } from "../../lib/flow/mod.ts";
import { Random } from "../../lib/flow/random.ts";
import type { Parameters } from "../../lib/model/mod.ts";
import { longpo, sft } from "../../lib/objective/mod.ts";
import {
  AdamW,
  Learner,
  loadCheckpoint,
  optimise,
  type OptimiseOptions,
  type StepMetrics,
  trainStep,
} from "../../lib/train/mod.ts";
import { momentsOf } from "../support/moments_of.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";

const random = new Random("batches");
const batches = Array.from({ length: 6 }, (_, at) =>
  packBatch(
    [20, 35, 8].map((trunk) =>
      randomDocument(random, { id: `${at}/${trunk}`, vocabulary: 40, trunk, answers: [[4, 6]] })
    ),
    64,
  ));
const schedule = { learningRate: 1e-2, steps: batches.length };
const run = { model: "small" };

/** A learner and an optimiser over weights of their own. */
async function start(objective = longpo): Promise<
  { learner: Learner; optimizer: AdamW; parameters: Parameters } & AsyncDisposable
> {
  const { config, parameters } = smallModel();
  const learner = await Learner.open(config, parameters, { objective });
  const optimizer = await AdamW.open(learner.artifacts, parameters, { weightDecay: 0.01 });
  return {
    learner,
    optimizer,
    parameters,
    async [Symbol.asyncDispose]() {
      await optimizer[Symbol.asyncDispose]();
      await learner[Symbol.asyncDispose]();
    },
  };
}

async function* stream<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

async function train(
  options: OptimiseOptions,
  signal?: AbortSignal,
  each: (metrics: StepMetrics) => void = () => {},
): Promise<StepMetrics[]> {
  const all: StepMetrics[] = [];
  for await (const metrics of optimise(options)(stream(batches), createContext({ signal }))) {
    all.push(metrics);
    each(metrics);
  }
  return all;
}

/** All but the time that it took. */
const timeless = (metrics: readonly StepMetrics[]) =>
  metrics.map(({ seconds: _, ...others }) => others);

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("optimise lowers the loss of what it sees again and again", async () => {
  await using state = await start(sft);
  const again = Array.from({ length: 12 }, () => batches[0]);
  const long = { learningRate: 2e-2, steps: again.length };
  const losses = [];
  const stage = optimise({ ...state, schedule: long });
  for await (const { loss } of stage(stream(again), createContext())) losses.push(loss);
  assertEquals(losses.length, 12);
  assertLess(losses[11], losses[0] / 2);
});

Deno.test("trainStep says what the step did, averaged over documents however they are packed", async () => {
  const documents = batches[0].rows.flatMap((row) => row.documents);
  const metrics = [];
  for (const tokensPerRow of [1, 64, 1000]) {
    await using state = await start();
    const batch = packBatch(documents, tokensPerRow);
    metrics.push(await trainStep(state.learner, state.optimizer, batch, 1e-3));
  }
  const [alone] = metrics;
  assertEquals([alone.step, alone.documents, alone.learning_rate], [1, 3, 1e-3]);
  for (const { seconds: _, ...other } of metrics) {
    for (const [name, value] of Object.entries(other)) {
      const expected = alone[name as keyof StepMetrics]!;
      assertLess(Math.abs(value - expected), 1e-4 * Math.max(1, Math.abs(expected)), name);
    }
  }
  assert(Math.abs(alone.loss - (alone["lm/loss"] + 0.01 * alone["LongPO/loss"]!)) < 1e-5);
});

Deno.test("trainStep has no preference metrics where rejected answers are not used", async () => {
  await using state = await start(sft);
  const metrics = await trainStep(state.learner, state.optimizer, batches[0], 1e-3);
  assertEquals("LongPO/loss" in metrics || "rewards/margins" in metrics, false);
  assertGreater(metrics.grad_norm, 0);
});

Deno.test("optimise ends after the schedule's steps, with the schedule's rates", async () => {
  await using state = await start();
  const metrics = await train({ ...state, schedule: { learningRate: 1, steps: 2, warmup: 0.5 } });
  assertEquals(metrics.map(({ step }) => step), [1, 2]);
  assertEquals(metrics.map(({ learning_rate }) => learning_rate), [1, 1]);
});

Deno.test("a resumed run is the uninterrupted one, bit by bit", async () => {
  await inFolder(async (folder) => {
    await using whole = await start();
    const expected = await train({ ...whole, schedule });

    const checkpoint = { path: `${folder}/checkpoint.safetensors`, every: 2, run };
    await using first = await start();
    const before: StepMetrics[] = [];
    for await (
      const metrics of optimise({ ...first, schedule, checkpoint })(
        stream(batches),
        createContext(),
      )
    ) {
      before.push(metrics);
      if (metrics.step === 4) break;
    }

    await using second = await start();
    await loadCheckpoint(checkpoint.path, second.parameters, second.optimizer, run);
    assertEquals(second.optimizer.step, 4);
    const after = await train({ ...second, schedule, checkpoint });
    assertEquals(timeless([...before, ...after]), timeless(expected));
    assertEquals(second.parameters, whole.parameters);
    const [moments, expectedMoments] = [second, whole].map(({ optimizer }) => optimizer.moments);
    assertEquals(await momentsOf(moments), await momentsOf(expectedMoments));
  });
});

Deno.test("an aborted run leaves a checkpoint of its last whole step", async () => {
  await inFolder(async (folder) => {
    const checkpoint = { path: `${folder}/checkpoint.safetensors`, every: 100, run };
    const controller = new AbortController();
    await using state = await start();
    await assertRejects(
      () =>
        train({ ...state, schedule, checkpoint }, controller.signal, ({ step }) => {
          if (step === 3) controller.abort(new Error("enough"));
        }),
      Error,
      "enough",
    );
    await using again = await start();
    await loadCheckpoint(checkpoint.path, again.parameters, again.optimizer, run);
    assertEquals(again.optimizer.step, 3);
    assertEquals(again.parameters, state.parameters);
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), [
      "checkpoint.safetensors",
    ]);
  });
});

Deno.test("optimise keeps its last step, and tells of the steps before when it goes on", async () => {
  await inFolder(async (folder) => {
    const checkpoint = { path: `${folder}/checkpoint.safetensors`, every: 100, run };
    await using state = await start();
    const expected = await train({ ...state, schedule, checkpoint });

    await using again = await start();
    const done = await loadCheckpoint(checkpoint.path, again.parameters, again.optimizer, run);
    assertEquals(done, expected);
    assertEquals(again.parameters, state.parameters);
    assertEquals(await train({ ...again, schedule, checkpoint, done }), expected);
    assertEquals(again.parameters, state.parameters);
  });
});

Deno.test("loadCheckpoint refuses other runs and other models, and changes nothing", async () => {
  await inFolder(async (folder) => {
    const checkpoint = { path: `${folder}/checkpoint.safetensors`, every: 1, run };
    await using state = await start();
    await train({ ...state, schedule: { learningRate: 1e-2, steps: 1 }, checkpoint });

    await using other = await start();
    const load = (run: Record<string, string>, parameters = other.parameters) =>
      loadCheckpoint(checkpoint.path, parameters, other.optimizer, run);
    await assertRejects(() => load({ model: "large" }), UserError, "model small, not large");
    await assertRejects(() => load({ ...run, data: "x" }), UserError, "data unknown, not x");
    const wider = smallModel({ layers: 3 });
    await using third = await AdamW.open(state.learner.artifacts, wider.parameters);
    await assertRejects(
      () => loadCheckpoint(checkpoint.path, wider.parameters, third, run),
      UserError,
      "not of this model",
    );
    assertEquals(other.parameters, smallModel().parameters);
    assertEquals(other.optimizer.step, 0);
    assertEquals(wider.parameters, smallModel({ layers: 3 }).parameters);
  });
});

Deno.test("a step whose loss is no number is refused, and the weights stay", async () => {
  await using state = await start();
  const [batch] = batches;
  const broken = {
    ...batch,
    rows: batch.rows.map((row) => ({ ...row, referenceChosen: row.referenceChosen.with(0, NaN) })),
  };
  const before = smallModel().parameters;
  const step = () => trainStep(state.learner, state.optimizer, broken, 1e-2);
  await assertRejects(step, UserError, "loss of step 1 is NaN");
  assertEquals(state.parameters, before);
  assertEquals((await trainStep(state.learner, state.optimizer, batch, 1e-2)).step, 1);
});
