import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { packRow } from "../../lib/model/mod.ts";
import { longpo, sft } from "../../lib/objective/mod.ts";
import { Learner } from "../../lib/train/mod.ts";
import { learn } from "../support/learn.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";

// Many layers and tokens, so that there is much between the first segment and the last.
const model = smallModel({ layers: 8 });
const { config, parameters } = model;
const answers = [[5, 8]] as const;
const row = packRow([
  randomDocument(new Random("learner"), { id: "row", vocabulary: 40, trunk: 1200, answers }),
]);

/** Counts turns of a timer until it is stopped. */
function countTurns(): { turns: number } & Disposable {
  const counted = {
    turns: 0,
    [Symbol.dispose]: () => clearInterval(timer),
  };
  const timer = setInterval(() => counted.turns++, 0);
  return counted;
}

Deno.test("timers get their turns between the segments of a row", async () => {
  await using learner = await Learner.open(config, parameters, { objective: longpo });
  using timer = countTurns();
  // One row may be over before a timer is due at all.
  for (let run = 0; run < 30; run++) await learner.accumulate(row, 1);
  assertGreater(timer.turns, 0);
});

Deno.test("Learner stops between segments when it is told to, and learns the row anew after", async () => {
  await using learner = await Learner.open(config, parameters, {
    objective: longpo,
    beta: 0.3,
    lambda: 0.7,
  });
  const controller = new AbortController();
  // After the first segment was begun, and before any other: timers would race with short runs.
  queueMicrotask(() => controller.abort(new Error("enough")));
  await assertRejects(() => learner.accumulate(row, 1, controller.signal), Error, "enough");

  learner.clear();
  const result = await learner.accumulate(row, 1);
  const fresh = await learn(model, [row], 1);
  assertEquals(result, fresh.results[0]);
  assertEquals(learner.gradients, fresh.gradients);
});

Deno.test("Learner is not disposed while it learns", async () => {
  const learner = await Learner.open(config, parameters, { objective: sft });
  const learning = learner.accumulate(row, 1);
  await assertRejects(() => learner[Symbol.asyncDispose](), TypeError, "is running");
  assert(Number.isFinite((await learning).loss));
  await learner[Symbol.asyncDispose]();
  await learner[Symbol.asyncDispose]();
  await assertRejects(() => learner.accumulate(row, 1), TypeError, "was disposed");
});

Deno.test("Learner learns nothing from a row that predicts nothing, and lives on", async () => {
  const [document] = row.documents;
  const silent = {
    ...document,
    sequences: document.sequences.map((sequence) => ({
      ...sequence,
      turnOf: sequence.turnOf.map(() => -1),
      inNll: sequence.inNll.map(() => false),
    })),
  };
  await using learner = await Learner.open(config, parameters, { objective: longpo });
  const { nll, logProbs } = await learner.accumulate(packRow([silent]), 1);
  assertEquals(Math.abs(nll), 0);
  assertEquals(logProbs, { chosen: new Float32Array(), rejected: new Float32Array() });
  assert([...learner.gradients.values()].every((gradient) => gradient.every((x) => x === 0)));
  assert(Number.isFinite((await learner.accumulate(row, 1)).loss));
});

Deno.test("Learner refuses a row without tokens", async () => {
  await using learner = await Learner.open(config, parameters, { objective: longpo });
  await assertRejects(() => learner.accumulate(packRow([]), 1), RangeError, "without tokens");
});

Deno.test("Learner says which token the model does not have", async () => {
  await using learner = await Learner.open(config, parameters, { objective: sft });
  const foreign = { ...row, tokens: row.tokens.with(3, config.vocabSize) };
  await assertRejects(() => learner.accumulate(foreign, 1), Error, `${config.vocabSize}`);
  learner.clear();
  assert(Number.isFinite((await learner.accumulate(row, 1)).loss));
});
