import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { packRow, randomAdapter } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { buildArtifacts, chain, CHUNK_TOKENS, Graph } from "../../lib/onnx/mod.ts";
import { trainingSegments } from "../../lib/train/mod.ts";
import { assertCloseArrays } from "../support/close_gradients.ts";
import { learn } from "../support/learn.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";

const answers = [[9, 12], [7, 3]] as const;

function row() {
  const random = new Random("monolith");
  return packRow([
    randomDocument(random, { id: "long", vocabulary: 40, trunk: 280, answers }),
    randomDocument(random, { id: "short", vocabulary: 40, trunk: 12, answers }),
  ]);
}

for (const tied of [false, true]) {
  const which = tied ? "tied" : "separate";
  Deno.test(`segments learn what one graph of the whole model learns, ${which} embeddings`, async () => {
    const model = smallModel({ tied, layers: 3 });
    const layers = await learn(model, [row(), row()], 0.5, { segment: "layer" });
    const whole = await learn(model, [row(), row()], 0.5, { segment: "model" });
    for (const [at, { loss, nll, preference, logProbs }] of whole.results.entries()) {
      const other = layers.results[at];
      assertAlmostEquals(loss, other.loss, 1e-6 * other.loss);
      assertAlmostEquals(nll, other.nll, 1e-6 * other.nll);
      assertAlmostEquals(preference!, other.preference!, 1e-5 * other.preference!);
      assertEquals(logProbs.chosen.length, other.logProbs.chosen.length);
    }
    assert(layers.results[0].loss > 0);
    assertCloseArrays(layers.gradients, whole.gradients);
  });
}

Deno.test("adapters learn by layers what they learn in one graph of the whole model", async () => {
  const model = smallModel({ layers: 3 });
  const adapter = randomAdapter(model.config, { rank: 2, alpha: 4 }, 3);
  for (const { data } of adapter.parameters.values()) data.forEach((_, at) => data[at] += 0.1);
  const layers = await learn(model, [row()], 1, { adapter });
  const whole = await learn(model, [row()], 1, { adapter, segment: "model" });
  assertEquals([...whole.gradients.keys()], [...adapter.parameters.keys()]);
  assertCloseArrays(layers.gradients, whole.gradients);
});

Deno.test("layers learn chunk by chunk what one graph of the whole model learns at once", async () => {
  const model = smallModel();
  const trunk = 2 * CHUNK_TOKENS + 50;
  const random = new Random("chunks");
  const long = packRow([randomDocument(random, { id: "long", vocabulary: 40, trunk, answers })]);
  const layers = await learn(model, [long, row()], 0.5);
  const whole = await learn(model, [long, row()], 0.5, { segment: "model" });
  assertAlmostEquals(layers.results[0].loss, whole.results[0].loss, 1e-6);
  assertCloseArrays(layers.gradients, whole.gradients);

  const adapter = randomAdapter(model.config, { rank: 2, alpha: 4 }, 3);
  for (const { data } of adapter.parameters.values()) data.forEach((_, at) => data[at] += 0.1);
  assertCloseArrays(
    (await learn(model, [long, row()], 0.5, { adapter })).gradients,
    (await learn(model, [long, row()], 0.5, { adapter, segment: "model" })).gradients,
  );
});

Deno.test("a whole model is one segment in its artifacts, and can be learnt from them", async () => {
  const model = smallModel();
  const artifacts = buildArtifacts(
    trainingSegments(model.config, longpo, "sum", undefined, "model"),
  );
  assertEquals([...artifacts.keys()].slice(0, 2), [
    "model/eval_model.onnx",
    "model/training_model.onnx",
  ]);
  const built = await learn(model, [row()], 1, { segment: "model" });
  assertEquals(await learn(model, [row()], 1, { artifacts }), built);
});

Deno.test("a chain of nothing is refused", () => {
  const none = chain("none", []);
  assertThrows(() => none.build(new Graph("none")), TypeError, "none: a chain has at least one");
});
