import { assert, assertEquals, assertRejects } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import {
  type ModelConfig,
  packRow,
  type Parameters,
  RowForward,
  type SequencedDocument,
} from "../../lib/model/mod.ts";
import { denseLlama, denseLogProbs } from "../train/dense/llama.ts";
import { loadCases, relativeError } from "../support/golden_cases.ts";
import { goldenModel } from "../support/golden_model.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";
import { turnSums } from "../support/turn_sums.ts";

Deno.test("RowForward gives the answers' log-probs that PyTorch gives", async () => {
  for (const golden of await loadCases()) {
    const { config, parameters } = goldenModel(golden);
    await using forward = await RowForward.open(config);
    const row = packRow(golden.documents);
    const logProbs = await forward.logProbs(parameters, row);
    const expected = golden.objectives[0].expected.documents;
    for (const side of ["chosen", "rejected"] as const) {
      const wanted = expected.flatMap((document) =>
        side === "chosen" ? document.logpChosen : document.logpRejected
      );
      assert(relativeError(turnSums(row, logProbs, side), wanted) < 1e-5, golden.name);
    }
  }
});

const small = smallModel();

/** The log-prob of every prediction, each sequence computed alone in float64. */
function densePredictions(
  { config, parameters }: { config: ModelConfig; parameters: Parameters },
  document: SequencedDocument,
): number[] {
  const model = denseLlama({
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.layerCount,
    num_attention_heads: config.headCount,
    num_key_value_heads: config.keyValueHeadCount,
    head_dim: config.headSize,
    rope_theta: config.ropeTheta,
    rms_norm_eps: config.normEpsilon,
    hidden_act: "silu",
  }, parameters);
  const trunk = document.sequences[0].turnOf.indexOf(0);
  return document.sequences.flatMap((sequence, at) => {
    const logProbs = [...denseLogProbs(model, sequence.ids)];
    return at === 0 ? logProbs.slice(1) : logProbs.slice(trunk);
  });
}

/** A document whose every token is predicted, rejected answers (of one turn) included. */
function predicted(random: Random, trunk: number): SequencedDocument {
  const shape = { id: "document", vocabulary: 40, trunk, answers: [[7, 9]] as const };
  return randomDocument(random, shape);
}

Deno.test("RowForward is a dense float64 model, beyond a block of attention and a chunk of the head", async () => {
  const random = new Random("forward");
  await using forward = await RowForward.open(small.config);
  for (const trunk of [1, 30, 520]) {
    const document = predicted(random, trunk);
    const found = await forward.logProbs(small.parameters, packRow([document]));
    const error = relativeError(found, densePredictions(small, document));
    assert(error < 1e-5, `${trunk} tokens: relative error ${error}`);
  }
});

Deno.test("RowForward gives each document of a row what it gives it alone", async () => {
  const random = new Random("packed");
  await using forward = await RowForward.open(small.config);
  const documents = [200, 3, 150].map((trunk) => predicted(random, trunk));
  const packed = await forward.logProbs(small.parameters, packRow(documents));
  const alone = [];
  for (const document of documents) {
    alone.push(...await forward.logProbs(small.parameters, packRow([document])));
  }
  assert(relativeError(packed, alone) < 1e-5);
});

Deno.test("RowForward gives the same whatever the number of threads", async () => {
  const row = packRow([predicted(new Random("threads"), 300)]);
  const results = [];
  for (const threads of [1, 2]) {
    await using forward = await RowForward.open(small.config, { threads });
    results.push(await forward.logProbs(small.parameters, row));
  }
  assert(relativeError(results[1], results[0]) < 1e-6);
});

Deno.test("RowForward gives nothing for a row that predicts nothing", async () => {
  await using forward = await RowForward.open(small.config);
  assertEquals(await forward.logProbs(small.parameters, packRow([])), new Float32Array());
});

Deno.test("RowForward stops when it is told to", async () => {
  await using forward = await RowForward.open(small.config);
  const row = packRow([predicted(new Random("stop"), 5)]);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => forward.logProbs(small.parameters, row, { signal }), Error, "enough");
});
