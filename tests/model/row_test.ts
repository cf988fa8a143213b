import { assert, assertEquals } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import {
  packRow,
  rowLength,
  sees,
  type SequencedDocument,
  type TokenSequence,
  trunkLength,
  turnCount,
} from "../../lib/model/mod.ts";
import { loadCases } from "../support/golden_cases.ts";
import { randomDocument } from "../support/random_document.ts";

/** A sequence whose answer tokens are written as `[id, turn]`; all of the chosen side is in the NLL. */
function sequence(
  side: TokenSequence["side"],
  tokens: readonly (number | readonly [number, number])[],
): TokenSequence {
  const pairs = tokens.map((token) => typeof token === "number" ? [token, -1] : token);
  return {
    side,
    ids: pairs.map(([id]) => id),
    turnOf: pairs.map(([, turn]) => turn),
    inNll: pairs.map(() => side === "chosen"),
  };
}

function document(...sequences: TokenSequence[]): SequencedDocument {
  return { id: "document", sequences, referenceChosen: [-1], referenceRejected: [-2] };
}

const pair = document(
  sequence("chosen", [1, 2, 3, [10, 0], [11, 0]]),
  sequence("rejected", [1, 2, 3, [20, 0], [21, 0], [22, 0]]),
);

Deno.test("packRow writes what sequences share once, and each rest as a branch", () => {
  const row = packRow([pair]);
  assertEquals([...row.tokens], [1, 2, 3, 10, 11, 20, 21, 22]);
  assertEquals([...row.branch], [0, 0, 0, 1, 1, 2, 2, 2]);
  assertEquals([...row.position], [0, 1, 2, 3, 4, 3, 4, 5]);
  assertEquals([...row.document], Array(8).fill(0));
});

Deno.test("packRow predicts the first token of both answers from the trunk's last", () => {
  const { predictions } = packRow([pair, pair]);
  assertEquals([...predictions.target], [2, 3, 10, 11, 20, 21, 22, 2, 3, 10, 11, 20, 21, 22]);
  assertEquals([...predictions.row], [0, 1, 2, 3, 2, 5, 6, 8, 9, 10, 11, 10, 13, 14]);
  assertEquals([...predictions.turn], [-1, -1, 0, 0, 0, 0, 0, -1, -1, 1, 1, 1, 1, 1]);
  assertEquals([...predictions.rejected], [0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1]);
});

Deno.test("packRow counts turns over the row and keeps their documents and references", () => {
  const two = { ...pair, referenceChosen: [-3], referenceRejected: [] };
  const row = packRow([pair, two]);
  assertEquals([...row.documentOfTurn], [0, 1]);
  assertEquals([...row.referenceChosen], [-1, -3]);
  assertEquals([...row.referenceRejected], [-2, 0]);
  assertEquals(row.documents, [pair, two]);
});

Deno.test("packRow averages the NLL over each document's counted tokens, the trunk once", () => {
  const row = packRow([pair, pair]);
  const weights = [...row.predictions.nllWeight];
  assertEquals(weights.slice(0, 7), [0.25, 0.25, 0.25, 0.25, 0, 0, 0]);
  assertEquals(weights.slice(7), weights.slice(0, 7));
});

Deno.test("packRow predicts nothing that neither an answer nor the NLL asks for", () => {
  const silent = (side: TokenSequence["side"], answer: number) => ({
    ...sequence(side, [1, 2, 3, [answer, 0], 4, [5, 1]]),
    inNll: Array<boolean>(6).fill(false),
  });
  const { predictions } = packRow([document(silent("chosen", 10), silent("rejected", 20))]);
  assertEquals([...predictions.target], [10, 5, 20, 5]);
  assertEquals([...predictions.row], [2, 4, 2, 7]);
  assertEquals([...predictions.nllWeight], [0, 0, 0, 0]);
});

Deno.test("packRow takes one sequence alone, and sequences that share nothing", () => {
  const alone = packRow([document(sequence("chosen", [1, 2, [3, 0]]))]);
  assertEquals([...alone.branch], [0, 0, 1]);
  assertEquals([...alone.predictions.row], [0, 1]);
  const apart = packRow([
    document(sequence("chosen", [1, 2, [3, 0]]), sequence("rejected", [7, [8, 0]])),
  ]);
  assertEquals([...apart.branch], [1, 1, 1, 2, 2]);
  assertEquals([...apart.position], [0, 1, 2, 0, 1]);
  // Nothing is before a sequence's first token.
  assertEquals([...apart.predictions.target], [2, 3, 8]);
  assertEquals([...apart.predictions.row], [0, 1, 3]);
});

Deno.test("packRow of nothing is an empty row", () => {
  const row = packRow([]);
  assertEquals([row.tokens.length, row.predictions.row.length, row.documentOfTurn.length], [
    0,
    0,
    0,
  ]);
});

Deno.test("trunkLength ends before the first answer, even where answers begin alike", () => {
  const alike = [
    sequence("chosen", [1, 2, [5, 0], [6, 0]]),
    sequence("rejected", [1, 2, [5, 0], [7, 0]]),
  ];
  assertEquals(trunkLength(alike), 2);
  assertEquals(trunkLength([sequence("chosen", [1, 2, 3]), sequence("chosen", [1, 2, 4])]), 2);
  assertEquals(trunkLength([sequence("chosen", [1, 2, 3]), sequence("chosen", [1, 2])]), 2);
  assertEquals(trunkLength([sequence("chosen", [1, 2, 3])]), 3);
});

Deno.test("rowLength and turnCount are those of the packed row", async () => {
  for (const { documents } of await loadCases()) {
    const row = packRow(documents);
    assertEquals(documents.reduce((sum, each) => sum + rowLength(each), 0), row.tokens.length);
    assertEquals(
      documents.reduce((sum, each) => sum + turnCount(each), 0),
      row.documentOfTurn.length,
    );
    assert(
      row.tokens.length < documents.flatMap(({ sequences }) => sequences)
        .reduce((sum, { ids }) => sum + ids.length, 0),
    );
  }
});

Deno.test("every token of a row sees its own sequence up to itself, and nothing else", () => {
  const random = new Random("row");
  const answers = [[3, 5], [2, 2]] as const;
  const documents = [6, 1, 9].map((trunk, at) =>
    randomDocument(random, { id: `${at}`, vocabulary: 99, trunk, answers })
  );
  const row = packRow(documents);
  const seen = row.tokens.keys().map((query) =>
    Array.from(row.tokens).filter((_, key) => sees(row, query, key))
  ).toArray();
  documents.forEach(({ sequences }, index) => {
    sequences.forEach(({ ids }, number) => {
      const own = seen.filter((_, at) =>
        row.document[at] === index && [0, number + 1].includes(row.branch[at])
      );
      assertEquals(own, ids.map((_, at) => ids.slice(0, at + 1)));
    });
  });
});
