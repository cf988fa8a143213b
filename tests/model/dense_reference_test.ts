import { assert, assertEquals } from "@std/assert";
import type { SequencedDocument } from "../../lib/model/sequence.ts";
import { type DenseLlama, denseLlama, denseLogits, denseLogProbs } from "../train/dense/llama.ts";
import { loadCase, loadCases, relativeError } from "../support/golden_cases.ts";

/** `[turns]`: the log-prob of each answer, summed over its tokens. */
function turnLogProbs(
  model: DenseLlama,
  document: SequencedDocument,
  side: "chosen" | "rejected",
): number[] {
  const sums: number[] = document.referenceChosen.map(() => 0);
  for (const sequence of document.sequences.filter((sequence) => sequence.side === side)) {
    denseLogProbs(model, sequence.ids).forEach((logProb, at) => {
      const turn = sequence.turnOf[at];
      if (turn >= 0) sums[turn] += logProb;
    });
  }
  return sums;
}

Deno.test("denseLogProbs gives the answers' log-probs that transformers gives", async () => {
  for (const golden of await loadCases()) {
    const model = denseLlama(golden.config, golden.weights);
    golden.documents.forEach((document, index) => {
      const expected = golden.objectives[0].expected.documents[index];
      assertEquals(expected.id, document.id);
      for (const side of ["chosen", "rejected"] as const) {
        const wanted = side === "chosen" ? expected.logpChosen : expected.logpRejected;
        const error = relativeError(turnLogProbs(model, document, side), wanted);
        assert(error <= 1e-12, `${document.id}, ${side}: relative error ${error}`);
      }
    });
  }
});

Deno.test("denseLogits do not depend on later tokens", async () => {
  const golden = await loadCase("two_turns_grouped");
  const model = denseLlama(golden.config, golden.weights);
  const whole = denseLogits(model, [1, 7, 9, 11, 13]);
  const start = denseLogits(model, [1, 7, 9]);
  assertEquals(whole.slice(0, 3), start);
});

Deno.test("relativeError is infinite for a wrong length or a value that is no number", () => {
  assertEquals(relativeError([1, 2], [1]), Infinity);
  assertEquals(relativeError([NaN], [1]), Infinity);
  assertEquals(relativeError([1, 5], [1, 4]), 0.25);
  assertEquals(relativeError([0], [0]), 0);
});
