// The float64 reference that random layouts are compared with is itself compared: with PyTorch, and
// with what its losses do when single weights change.
import { assertEquals, assertLess } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { loadCases, relativeError } from "../support/golden_cases.ts";
import { randomDocument } from "../support/random_document.ts";
import { denseLearn } from "./dense/learn.ts";
import { denseLlama } from "./dense/llama.ts";
import type { DenseObjective } from "./dense/loss.ts";

Deno.test("denseLearn gives the losses and gradients that transformers gives in float64", async () => {
  for (const golden of await loadCases()) {
    const model = denseLlama(golden.config, golden.weights);
    for (const objective of golden.objectives) {
      const of = `${golden.name}, ${objective.name} ${objective.aggregation}`;
      const { gradients, ...found } = denseLearn(model, golden.documents, objective);
      const { expected: { loss, nll, preference, documents } } = objective;
      assertLess(relativeError([found.loss, found.nll], [loss, nll]), 1e-12, of);
      assertEquals(found.preference === undefined, preference === null, of);
      if (preference !== null) assertLess(relativeError([found.preference!], [preference]), 1e-12);
      const chosen = documents.flatMap(({ logpChosen }) => logpChosen);
      assertLess(relativeError(found.chosen, chosen), 1e-12, of);
      const rejected = documents.flatMap(({ logpRejected }) => logpRejected);
      assertLess(relativeError(found.rejected, rejected), 1e-12, of);
      assertEquals([...gradients.keys()].sort(), [...objective.gradients.keys()].sort());
      for (const [name, { data }] of objective.gradients) {
        // They are recorded in float32, which rounds them by 6e-8 at most.
        assertLess(relativeError(gradients.get(name)!, data), 6e-8, `${of}: ${name}`);
      }
    }
  }
});

/** A Llama small enough to change each of its weights, with a layer of each kind. */
const config = {
  hidden_size: 4,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rope_theta: 100,
  rms_norm_eps: 1e-2,
  sliding_window: 3,
  layer_types: ["full_attention", "sliding_attention"],
  no_rope_layers: [1, 0],
};
const vocabulary = 7;
const shapes: Record<string, [number, number?]> = {
  "model.embed_tokens.weight": [vocabulary, 4],
  "model.norm.weight": [4],
  "lm_head.weight": [vocabulary, 4],
};
for (const layer of [0, 1]) {
  Object.assign(shapes, {
    [`model.layers.${layer}.input_layernorm.weight`]: [4],
    [`model.layers.${layer}.self_attn.q_proj.weight`]: [4, 4],
    [`model.layers.${layer}.self_attn.k_proj.weight`]: [2, 4],
    [`model.layers.${layer}.self_attn.v_proj.weight`]: [2, 4],
    [`model.layers.${layer}.self_attn.o_proj.weight`]: [4, 4],
    [`model.layers.${layer}.post_attention_layernorm.weight`]: [4],
    [`model.layers.${layer}.mlp.gate_proj.weight`]: [6, 4],
    [`model.layers.${layer}.mlp.up_proj.weight`]: [6, 4],
    [`model.layers.${layer}.mlp.down_proj.weight`]: [4, 6],
  });
}

for (const aggregation of ["sum", "mean", "logsumexp"] as const) {
  Deno.test(`denseLearn's gradients are finite differences of its loss, ${aggregation} of turns`, () => {
    const random = new Random("finite differences");
    const model = denseLlama(
      config,
      new Map(
        Object.entries(shapes).map(([name, shape]) => {
          const [rows, columns = 1] = shape;
          const data = Array.from({ length: rows * columns }, () => 0.6 * random.normal());
          return [name, { shape: shape as number[], data }];
        }),
      ),
    );
    const documents = [
      randomDocument(random, { id: "two turns", vocabulary, trunk: 5, answers: [[1, 3], [2, 1]] }),
      randomDocument(random, { id: "one turn", vocabulary, trunk: 3, answers: [[2, 2]] }),
    ];
    const objective: DenseObjective = { name: "longpo", aggregation, beta: 0.4, lambda: 0.8 };
    const loss = () => denseLearn(model, documents, objective).loss;

    denseLearn(model, documents, objective);
    const known = Array.from(
      model.weights,
      ([name, { gradient }]) => [name, gradient.slice()] as const,
    );
    const step = 1e-5;
    for (const [name, gradient] of known) {
      const { data } = model.weights.get(name)!;
      const slopes = data.map((value, at) => {
        const [after, before] = [1, -1].map((direction) => {
          data[at] = value + direction * step;
          return loss();
        });
        data[at] = value;
        return (after - before) / (2 * step);
      });
      assertLess(relativeError(slopes, gradient), 1e-7, name);
    }
  });
}
