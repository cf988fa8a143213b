import { assert, assertEquals } from "@std/assert";
import { gradientRules, Graph } from "../../lib/onnx/mod.ts";
import {
  buildCase,
  feedsOf,
  type GradientCase,
  gradientErrors,
  gradientGraph,
  seedOf,
} from "../support/gradient_case.ts";
import { wrongShapes } from "../support/inferred_shapes.ts";
import { attentionCases } from "./cases/attention.ts";
import { chooseCases } from "./cases/choose.ts";
import { elementwiseCases } from "./cases/elementwise.ts";
import { inChunksCases } from "./cases/in_chunks.ts";
import { layoutCases } from "./cases/layout.ts";
import { llamaCases } from "./cases/llama.ts";
import { logProbsCases } from "./cases/log_probs.ts";
import { matmulCases } from "./cases/matmul.ts";
import { reduceCases } from "./cases/reduce.ts";

const cases: readonly GradientCase[] = [
  ...elementwiseCases,
  ...matmulCases,
  ...reduceCases,
  ...layoutCases,
  ...chooseCases,
  ...attentionCases,
  ...llamaCases,
  ...inChunksCases,
  ...logProbsCases,
];

/** Far above what float32 and the differences leave (1e-5), far below any wrong rule. */
const TOLERANCE = 3e-4;

for (const test of cases) {
  Deno.test(`the gradient of ${test.rule} ${test.about} is what differences say`, async () => {
    const errors = await gradientErrors(test);
    assertEquals(Object.keys(errors), Object.keys(test.inputs));
    for (const [name, error] of Object.entries(errors)) {
      assert(error <= TOLERANCE, `${name}: relative error ${error}`);
    }
  });
}

Deno.test("every gradient rule has a case, and every case holds its operator", () => {
  const tested = [...new Set(cases.map(({ rule }) => rule))].sort();
  assertEquals(tested, Object.keys(gradientRules).sort());
  for (const test of cases) {
    const g = new Graph(test.rule);
    buildCase(g, test);
    assert(g.nodes.some(({ op }) => op === test.rule), `${test.rule} ${test.about}`);
  }
});

Deno.test("inferred shapes are the shapes at run time, forward and backward", async () => {
  for (const test of cases) {
    const feeds = { ...feedsOf(test), seed: await seedOf(test) };
    const wrong = await wrongShapes(gradientGraph(test), feeds);
    assertEquals(wrong, [], `${test.rule} ${test.about}`);
  }
});
