/**
 * Both ways to call onnxruntime: sums of two arrays, returned or written in place, and the
 * gradients of two layers of SmolLM2-135M's size.
 *
 * @module
 */

import { Random } from "../../lib/flow/mod.ts";
import { packRow, parseConfig, randomParameters } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { add, Graph, modelBytes } from "../../lib/onnx/mod.ts";
import { type BackendName, floats, Session } from "../../lib/runtime/mod.ts";
import { Learner } from "../../lib/train/mod.ts";
import { type DocumentShape, randomDocument } from "../support/random_document.ts";

const BACKENDS: readonly BackendName[] = ["binding", "ffi"];

function sums(): Uint8Array {
  const g = new Graph("sums");
  const [x, y] = ["x", "y"].map((name) => g.input(name, "float32", ["n"]));
  g.output("sum", add(g, x, y));
  return modelBytes(g);
}

for (const [size, count] of [["16 bytes", 4], ["28 MB", 7e6], ["113 MB", 28.25e6]] as const) {
  const x = floats(new Float32Array(count), [count]);
  const y = floats(new Float32Array(count).fill(1), [count]);
  for (const [way, into] of [["returned", {}], ["in place", { sum: x }]] as const) {
    for (const backend of BACKENDS) {
      const session = await Session.open(sums(), { backend });
      Deno.bench({ name: backend, group: `sum of ${size}, ${way}` }, async () => {
        await session.run({ x, y }, into);
      });
    }
  }
}

const config = parseConfig({
  model_type: "llama",
  vocab_size: 512,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 2,
  num_attention_heads: 9,
  num_key_value_heads: 3,
});
const document: DocumentShape = {
  id: "bench",
  vocabulary: config.vocabSize,
  trunk: 400,
  answers: [[56, 56]],
};
const row = packRow([randomDocument(new Random(1), document)]);

for (const backend of BACKENDS) {
  const options = { objective: longpo, backend };
  const learner = await Learner.open(config, randomParameters(config, 1), options);
  Deno.bench({ name: backend, group: "a row of 512 tokens, two layers" }, async () => {
    await learner.accumulate(row, 1);
  });
}
