import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { nll } from "@longpo/longpo/evaluate";
import { readChatTemplate, readTokenizer, type SequencedDocument } from "@longpo/longpo/model";

const folder = new URL("../../examples/model", import.meta.url).pathname;
const tokenizer = await readTokenizer(folder, { vocabSize: 1024, eosTokenIds: [1] });
const model = { tokenizer, chat: await readChatTemplate(folder, tokenizer.namedTokens) };

const context = "The lantern is in Oslo. The bell is in Rome.";
const items = [
  { context, question: "Where is the lantern?", answer: "Oslo." },
  { context, question: "Where is the bell?", answer: "Rome." },
];

/** Finds every answer token equally likely; keeps what it is given. */
function levelScorer(seen: SequencedDocument[]) {
  return {
    score(documents: readonly SequencedDocument[]) {
      seen.push(...documents);
      return Promise.resolve(documents.map(({ sequences }) => ({
        chosen: sequences.map(({ turnOf }) => -0.5 * turnOf.filter((turn) => turn >= 0).length),
        rejected: [],
      })));
    },
  };
}

Deno.test("nll is the mean over answer tokens, end tokens included", async () => {
  const found = await nll({ scorer: levelScorer([]), model, items });
  assertEquals(found.tokens, 6);
  assertAlmostEquals(found.nll, 0.5);
});

Deno.test("nll scores a context once, with each true answer as a turn of its own", async () => {
  const seen: SequencedDocument[] = [];
  await nll({ scorer: levelScorer(seen), model, items });
  assertEquals(seen.length, 1);
  assertEquals(seen[0].sequences.map(({ side }) => side), ["chosen", "chosen"]);
  const answers = seen[0].sequences.map(({ ids, turnOf }) =>
    tokenizer.decode(ids.filter((_, index) => turnOf[index] >= 0))
  );
  assertEquals(answers, ["Oslo.<|end|>", "Rome.<|end|>"]);
});

Deno.test("nll keeps contexts apart", async () => {
  const seen: SequencedDocument[] = [];
  const other = { ...items[0], context: "The lantern is in Oslo." };
  await nll({ scorer: levelScorer(seen), model, items: [items[0], other, items[1]] });
  assertEquals(seen.map(({ sequences }) => sequences.length), [2, 1]);
});

Deno.test("nll stops when it is told to", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(
    () => nll({ scorer: levelScorer([]), model, items, signal }),
    Error,
    "enough",
  );
});
