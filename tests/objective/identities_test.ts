// What must hold whatever the model and the text are.
import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { packRow, RowForward, type SequencedDocument } from "../../lib/model/mod.ts";
import { aggregationNames, dpo, longpo, sft } from "../../lib/objective/mod.ts";
import type { LearnerOptions } from "../../lib/train/mod.ts";
import { assertCloseArrays } from "../support/close_gradients.ts";
import { learn, type Learnt } from "../support/learn.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";
import { turnSums } from "../support/turn_sums.ts";

const LN2 = Math.fround(Math.LN2);
const model = smallModel();
const random = new Random("identities");

function document(trunk: number, answers: [number, number][]): SequencedDocument {
  return randomDocument(random, { id: "document", vocabulary: 40, trunk, answers });
}

/** The document with other references. */
function referring(
  document: SequencedDocument,
  referenceChosen: ArrayLike<number>,
  referenceRejected: ArrayLike<number>,
): SequencedDocument {
  return {
    ...document,
    referenceChosen: Array.from(referenceChosen),
    referenceRejected: Array.from(referenceRejected),
  };
}

const oneTurn = document(30, [[6, 9]]);
const threeTurns = document(24, [[4, 7], [3, 3], [8, 2]]);

async function learnDocuments(
  documents: readonly SequencedDocument[],
  options: Partial<LearnerOptions> = {},
): Promise<Learnt & { result: Learnt["results"][number] }> {
  const learnt = await learn(model, [packRow(documents)], 1 / documents.length, options);
  return { ...learnt, result: learnt.results[0] };
}

/** What the model itself says of a document's answers: the policy before its first step. */
async function ownReference(document: SequencedDocument): Promise<SequencedDocument> {
  await using forward = await RowForward.open(model.config);
  const row = packRow([document]);
  const logProbs = await forward.logProbs(model.parameters, row);
  const sums = (side: "chosen" | "rejected") => turnSums(row, logProbs, side);
  return referring(document, sums("chosen"), sums("rejected"));
}

Deno.test("a policy that is its reference has a preference loss of ln 2", async () => {
  for (const document of [oneTurn, threeTurns]) {
    const { result } = await learnDocuments([await ownReference(document)]);
    assertAlmostEquals(result.preference!, Math.LN2, 1e-5);
  }
});

Deno.test("a margin of exactly 0 is a loss of exactly ln 2, in every aggregation", async () => {
  for (const aggregation of aggregationNames) {
    const documents = [];
    for (const document of [oneTurn, threeTurns]) {
      const { result: { logProbs } } = await learnDocuments([document], { aggregation });
      documents.push(referring(document, logProbs.chosen, logProbs.rejected));
    }
    for (const document of documents) {
      const { result } = await learnDocuments([document], { aggregation });
      // A mean over three turns divides, which may round.
      const exact = aggregation !== "mean" || document.referenceChosen.length === 1;
      assertAlmostEquals(result.preference!, LN2, exact ? 0 : 1e-7, aggregation);
    }
  }
});

Deno.test("the preference term with the long context's reference is plain DPO", async () => {
  const document = await ownReference(threeTurns);
  const moved = referring(document, document.referenceChosen.map((x) => x - 1), [-3, -9, -2]);
  for (const aggregation of aggregationNames) {
    const plain = await learnDocuments([moved], { objective: dpo, aggregation });
    const whole = await learnDocuments([moved], { objective: longpo, lambda: 0.25, aggregation });
    assertEquals(whole.result.preference, plain.result.loss);
    assertEquals(plain.result.preference, plain.result.loss);
    assertAlmostEquals(whole.result.loss, 0.25 * plain.result.loss + whole.result.nll, 1e-6);

    const nll = await learnDocuments([moved], { objective: sft });
    const sum = [...plain.gradients].map(([name, gradient]) =>
      [name, gradient.map((value, at) => 0.25 * value + nll.gradients.get(name)![at])] as const
    );
    assertCloseArrays(whole.gradients, new Map(sum));
  }
});

Deno.test("all aggregations agree where documents have one turn each", async () => {
  const documents = [oneTurn, document(10, [[2, 3]]), document(17, [[5, 1]])];
  const [first, ...others] = await Promise.all(
    aggregationNames.map((aggregation) => learnDocuments(documents, { aggregation })),
  );
  for (const other of others) {
    assertAlmostEquals(other.result.loss, first.result.loss, 1e-6);
    assertCloseArrays(other.gradients, first.gradients);
  }
});

Deno.test("aggregations differ where documents have several turns", async () => {
  const losses = [];
  for (const aggregation of aggregationNames) {
    const { result } = await learnDocuments([threeTurns], { aggregation });
    losses.push(result.preference!.toFixed(3));
  }
  assertEquals(new Set(losses).size, 3);
});

Deno.test("without the preference's weight there is only the NLL", async () => {
  const documents = [oneTurn, threeTurns];
  for (const aggregation of aggregationNames) {
    const both = await learnDocuments(documents, { objective: longpo, lambda: 0, aggregation });
    const nll = await learnDocuments(documents, { objective: sft });
    assertEquals(both.result.loss, both.result.nll);
    assertEquals(both.result.nll, nll.result.loss);
    assertCloseArrays(both.gradients, nll.gradients, 1e-7);
  }
});

Deno.test("without NLL tokens LongPO is its weighted preference", async () => {
  const document = {
    ...threeTurns,
    sequences: threeTurns.sequences.map((sequence) => ({
      ...sequence,
      inNll: sequence.inNll.map(() => false),
    })),
  };
  const { result } = await learnDocuments([document], { lambda: 0.5 });
  assertEquals(result.nll, 0);
  assertEquals(result.loss, Math.fround(0.5 * result.preference!));
});

Deno.test("another short context changes reference terms only", async () => {
  // The same answers after two other, shorter texts.
  const references = [];
  for (const tokens of [[3, 1, 4, 1, 5], [9, 2, 6]]) {
    const short = {
      ...threeTurns,
      sequences: threeTurns.sequences.map((sequence) => ({
        ...sequence,
        ids: [...tokens, ...sequence.ids.slice(20)],
        turnOf: [...tokens.map(() => -1), ...sequence.turnOf.slice(20)],
        inNll: [...tokens.map(() => false), ...sequence.inNll.slice(20)],
      })),
    };
    const { referenceChosen, referenceRejected } = await ownReference(short);
    references.push(referring(threeTurns, referenceChosen, referenceRejected));
  }
  assertNotEquals(references[0].referenceChosen, references[1].referenceChosen);
  const [one, other] = [
    await learnDocuments([references[0]]),
    await learnDocuments([references[1]]),
  ];
  assertEquals(one.result.logProbs, other.result.logProbs);
  assertEquals(one.result.nll, other.result.nll);
  assertNotEquals(one.result.preference, other.result.preference);
});

Deno.test("a larger margin is a smaller loss, and beta scales the margin", async () => {
  const { logProbs: { chosen, rejected } } = (await learnDocuments([oneTurn])).result;
  const preference = async (margin: number, beta: number) => {
    const document = referring(oneTurn, [chosen[0] - margin], rejected);
    return (await learnDocuments([document], { beta })).result.preference!;
  };
  const expected = (margin: number, beta: number) => Math.log1p(Math.exp(-beta * margin));
  for (const [margin, beta] of [[2, 0.1], [-2, 0.1], [5, 1], [-40, 0.5]]) {
    assertAlmostEquals(await preference(margin, beta), expected(margin, beta), 1e-4);
  }
});

Deno.test("margins far beyond float32's exponentials leave loss and gradients finite", async () => {
  for (const aggregation of aggregationNames) {
    for (const margin of [-1e4, 1e4]) {
      const far = referring(threeTurns, [margin, 0, 0], [0, 0, 0]);
      const { result, gradients } = await learnDocuments([far], { aggregation, beta: 1 });
      assert(Number.isFinite(result.loss), `${aggregation} ${margin}: ${result.loss}`);
      for (const [name, gradient] of gradients) {
        assert(gradient.every(Number.isFinite), `${aggregation} ${margin}: ${name}`);
      }
    }
  }
});
