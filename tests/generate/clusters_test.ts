import { assert, assertEquals } from "@std/assert";
import { clusterPrompts } from "../../lib/generate/clusters.ts";
import { prefillPieces, promptRow } from "../../lib/generate/token_row.ts";

const OPTIONS = { branchTokens: 100 };
const DOCUMENT = [1, 2, 3, 4, 5, 6];

Deno.test("clusterPrompts shares the document that consecutive prompts begin with", () => {
  const prompts = [[...DOCUMENT, 7, 8], [...DOCUMENT, 9], [...DOCUMENT, 7, 10]];
  assertEquals(clusterPrompts(prompts, OPTIONS), [{
    trunk: DOCUMENT,
    branches: [
      { prompt: 0, tokens: [7, 8] },
      { prompt: 1, tokens: [9] },
      { prompt: 2, tokens: [7, 10] },
    ],
  }]);
});

Deno.test("clusterPrompts leaves prompts apart that share half or less", () => {
  const clusters = clusterPrompts([[1, 2, 3, 4], [1, 2, 5, 6], [1, 2, 5, 6, 7]], OPTIONS);
  assertEquals(clusters.map(({ branches }) => branches.map(({ prompt }) => prompt)), [[0], [1, 2]]);
});

Deno.test("clusterPrompts leaves every prompt a token of its own", () => {
  const [same] = clusterPrompts([[1, 2, 3], [1, 2, 3]], OPTIONS);
  assertEquals(same.trunk, [1, 2]);
  assertEquals(same.branches.map(({ tokens }) => tokens), [[3], [3]]);
  const [contained] = clusterPrompts([[1, 2, 3, 4], [1, 2, 3]], OPTIONS);
  assertEquals(contained.trunk, [1, 2]);
  assertEquals(clusterPrompts([[1]], OPTIONS), [
    { trunk: [], branches: [{ prompt: 0, tokens: [1] }] },
  ]);
});

Deno.test("clusterPrompts begins anew where questions outgrow the document", () => {
  const prompts = Array.from({ length: 6 }, (_, index) => [...DOCUMENT, 7 + index, 0, 0]);
  const sizes = (branchTokens: number) =>
    clusterPrompts(prompts, { branchTokens }).map(({ branches }) => branches.length);
  assertEquals(sizes(9), [3, 3]);
  assertEquals(sizes(100), [6]);
  assertEquals(sizes(1), [2, 2, 2]); // as many as the trunk has tokens are always allowed
});

Deno.test("promptRow writes trunks once and says where each answer goes on", () => {
  const clusters = clusterPrompts([[1, 2, 3, 4], [1, 2, 3, 5, 6], [8, 9]], OPTIONS);
  const { row, ends } = promptRow(clusters);
  assertEquals([...row.tokens], [1, 2, 3, 4, 5, 6, 8, 9]);
  assertEquals([...row.document], [0, 0, 0, 0, 0, 0, 1, 1]);
  assertEquals([...row.branch], [0, 0, 0, 1, 2, 2, 0, 1]);
  assertEquals([...row.position], [0, 1, 2, 3, 3, 4, 0, 1]);
  assertEquals(ends, [
    { prompt: 0, document: 0, branch: 1, position: 4, last: 3 },
    { prompt: 1, document: 0, branch: 2, position: 5, last: 5 },
    { prompt: 2, document: 1, branch: 1, position: 2, last: 7 },
  ]);
});

Deno.test("prefillPieces puts short clusters together and cuts long ones", () => {
  const prompt = (length: number, first: number) => Array.from({ length }, (_, at) => first + at);
  const lengths = [2, 3, 10, 1, 4];
  const prompts = lengths.map((length, index) => prompt(length, 100 * index));
  const pieces = prefillPieces(clusterPrompts(prompts, OPTIONS), 5);
  assertEquals(pieces, [
    { from: 0, to: 5, since: 0 },
    { from: 5, to: 10, since: 5 },
    { from: 10, to: 15, since: 5 },
    { from: 15, to: 20, since: 15 },
  ]);
  assert(pieces.every(({ from, to }) => to - from <= 5));
});

Deno.test("prefillPieces get shorter far into a long document, and are not cut below 32 tokens", () => {
  const document = Array.from({ length: 20_000 }, (_, at) => at);
  const most = 256 * 4096;
  const pieces = prefillPieces(clusterPrompts([document], OPTIONS), 256, most);
  assertEquals(pieces[0], { from: 0, to: 254, since: 0 });
  for (const [index, { from, to }] of pieces.entries()) {
    assertEquals(from, index === 0 ? 0 : pieces[index - 1].to);
    assert((to - from) * to <= most);
  }
  assertEquals(pieces.at(-1)!.to, document.length);
  const tight = prefillPieces(clusterPrompts([document], OPTIONS), 256, 1);
  assertEquals(tight.length, document.length / 32);
});
