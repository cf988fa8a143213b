import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { textNll, textTable } from "@longpo/longpo/evaluate";
import { localScorer } from "@longpo/longpo/generate";
import { loadModel } from "@longpo/longpo/model";

const folder = new URL("../../examples/model", import.meta.url).pathname;
const model = await loadModel(folder);
const text = "The lantern is in Oslo. The bell is in Rome. ".repeat(40);

Deno.test("textNll gives each position's share of the whole", async () => {
  await using scorer = await localScorer(model);
  const { long, byPosition } = await textNll({ scorer, model, texts: [text], pieceTokens: 64 });
  assertEquals(byPosition[0].from, 0);
  for (const [at, { from }] of byPosition.slice(1).entries()) assertEquals(from, byPosition[at].to);
  const sum = byPosition.reduce((sum, { nll, tokens }) => sum + nll * tokens, 0);
  const tokens = byPosition.reduce((sum, { tokens }) => sum + tokens, 0);
  assertEquals(tokens, long.tokens);
  assertAlmostEquals(sum / tokens, long.nll, 1e-9);
});

Deno.test("textNll of one piece is that of the whole", async () => {
  await using scorer = await localScorer(model);
  const { short, long } = await textNll({ scorer, model, texts: [text], pieceTokens: 1e6 });
  assertEquals(short.tokens, long.tokens);
  assertAlmostEquals(short.nll, long.nll, 1e-6);
});

Deno.test("textNll of pieces forgets what was before them", async () => {
  await using scorer = await localScorer(model);
  const { short, long } = await textNll({ scorer, model, texts: [text], pieceTokens: 64 });
  assertEquals(short.nll === long.nll, false);
});

Deno.test("textNll stops when it is told to", async () => {
  await using scorer = await localScorer(model);
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(
    () => textNll({ scorer, model, texts: [text], pieceTokens: 64, signal }),
    Error,
    "enough",
  );
});

Deno.test("textTable has a column a model and says nothing where there is no text", () => {
  const score = { recall: 1, n: 1, standardError: 0, nll: 1 };
  const scores = { short: score, long: score };
  assertEquals(textTable({ before: scores }), undefined);
  const mean = (nll: number) => ({ nll, tokens: 10 });
  const text = {
    short: mean(2),
    long: mean(1.5),
    byPosition: [{ from: 0, to: 256, ...mean(1.75) }, { from: 256, to: 300, ...mean(1) }],
  };
  assertEquals(
    textTable({ before: { ...scores, text }, after: { ...scores, text } }),
    [
      "NLL of a token  before  after",
      "in pieces        2.000  2.000",
      "at 0 to 256      1.750  1.750",
      "at 256 to 300    1.000  1.000",
      "",
    ].join("\n"),
  );
});
