import { assert, assertEquals, assertRejects } from "@std/assert";
import { localScorer, type TurnScores } from "../../lib/generate/mod.ts";
import { type Model, parseConfig, type SequencedDocument } from "../../lib/model/mod.ts";
import { type GoldenCase, loadCases } from "../support/golden_cases.ts";
import { distance, letterModel } from "./models.ts";

function modelOf({ config, weights }: GoldenCase): Model {
  const parameters = new Map([...weights].map(([name, tensor]) => [name, { name, ...tensor }]));
  return { ...letterModel(), config: parseConfig(config), parameters };
}

function assertScores(actual: readonly TurnScores[], expected: readonly TurnScores[]): void {
  assertEquals(actual.length, expected.length);
  for (const [at, { chosen, rejected }] of expected.entries()) {
    assert(distance(actual[at].chosen, chosen) < 1e-4);
    assert(distance(actual[at].rejected, rejected) < 1e-4);
  }
}

function expectedScores({ objectives, documents }: GoldenCase): TurnScores[] {
  return documents.map(({ id }) => {
    const found = objectives[0].expected.documents.find((document) => document.id === id)!;
    return { chosen: [...found.logpChosen], rejected: [...found.logpRejected] };
  });
}

Deno.test("localScorer gives the log-probs that transformers gives, packed or alone", async () => {
  for (const golden of await loadCases()) {
    for (const tokensPerRow of [1, 100_000]) {
      await using scorer = await localScorer(modelOf(golden), { threads: 1, tokensPerRow });
      assertScores(await scorer.score(golden.documents), expectedScores(golden));
    }
  }
});

Deno.test("localScorer gives 0 for a side that is missing and nothing for no turns", async () => {
  const golden = (await loadCases()).find(({ documents }) => documents.length > 1)!;
  await using scorer = await localScorer(modelOf(golden), { threads: 1 });
  const expected = expectedScores(golden);
  const [first, second] = golden.documents;
  const only = (document: SequencedDocument, side: string) => ({
    ...document,
    sequences: document.sequences.filter((sequence) => sequence.side === side),
  });
  const silent = {
    ...first,
    sequences: first.sequences.map((s) => ({ ...s, turnOf: s.ids.map(() => -1) })),
  };
  const zeros = (numbers: number[]) => numbers.map(() => 0);
  assertScores(await scorer.score([only(first, "chosen"), silent, only(second, "rejected")]), [
    { chosen: expected[0].chosen, rejected: zeros(expected[0].rejected) },
    { chosen: [], rejected: [] },
    { chosen: zeros(expected[1].chosen), rejected: expected[1].rejected },
  ]);
  assertEquals(await scorer.score([]), []);
});

Deno.test("localScorer tells whose scores they are and stops when it is aborted", async () => {
  const model = letterModel();
  const [golden] = await loadCases();
  await using scorer = await localScorer(model, { threads: 1 });
  assertEquals(scorer.fingerprint, model.fingerprint);
  assertEquals(scorer.chatHash, model.chatHash);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => scorer.score(golden.documents, { signal }), Error, "enough");
});

Deno.test("localScorer scores with another RoPE base where one is given", async () => {
  const [golden] = await loadCases();
  const model = modelOf(golden);
  await using own = await localScorer(model, { threads: 1, ropeTheta: model.config.ropeTheta });
  await using other = await localScorer(model, { threads: 1, ropeTheta: 77 });
  assertScores(await own.score(golden.documents), expectedScores(golden));
  const [scores] = await other.score(golden.documents);
  assert(distance(scores.chosen, expectedScores(golden)[0].chosen) > 1e-4);
});
