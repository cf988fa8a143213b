import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parsePair } from "../../lib/data/mod.ts";
import type { DeadLetter } from "../../lib/flow/mod.ts";
import { readLines, worldLines, writeLines } from "./support/documents.ts";
import {
  assertPlain,
  exists,
  fail,
  filesOf,
  inFolder,
  PAIRS,
  run,
  succeed,
} from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

Deno.test("pairs says which documents are not there, and makes no file", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await Deno.mkdir(`${folder}/bare`);
    await Deno.writeTextFile(`${folder}/photo.png`, "no text");
    const pairs = (documents: string, ...says: string[]) =>
      fail("pairs", [
        ...["--model", `${folder}/tiny`, "--documents", `${folder}/${documents}`],
        ...["--out", `${folder}/pairs.jsonl`, ...PAIRS],
      ], says);
    await pairs("missing.jsonl", `There is no file or folder ${folder}/missing.jsonl`);
    await pairs("photo.png/x", `There is no file or folder ${folder}/photo.png/x`);
    await pairs("bare", "There is no document in the folder");
    await pairs("photo.png", "it is no text or JSONL file", "hint: Files end in .txt");
    assertEquals(await exists(`${folder}/pairs.jsonl`), false);
  });
});

Deno.test("pairs says why no document gave a pair, and makes no file", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await Deno.writeTextFile(`${folder}/empty.jsonl`, "");
    await Deno.writeTextFile(`${folder}/blank.txt`, " \n");
    await writeLines(`${folder}/short.jsonl`, worldLines(2, { tokens: 30 }));
    const pairs = (documents: string, ...says: string[]) =>
      fail("pairs", [
        ...["--model", `${folder}/tiny`, "--documents", `${folder}/${documents}`],
        ...["--out", `${folder}/pairs.jsonl`, ...PAIRS],
      ], ["No document gave a pair", "hint: A document must have more tokens", ...says]);
    await pairs("empty.jsonl", "there was none");
    await pairs("blank.txt", "1 empty document");
    await pairs("short.jsonl", "2 shorter than a chunk");
    assertEquals((await filesOf(folder)).filter((name) => name.startsWith("pairs")), []);
  });
});

Deno.test("pairs skips what it cannot use, names the line, and keeps it as a dead letter", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    const [first, second, third] = worldLines(3).map((line) => JSON.stringify(line));
    const [tooShort] = worldLines(1, { tokens: 20 });
    const lines = [
      ...[first, '{"id": "broken", "text": ', second, '{"id": "textless"}'],
      ...[JSON.stringify({ ...tooShort, id: "short" }), third],
    ];
    await Deno.writeTextFile(`${folder}/documents.jsonl`, lines.join("\n"));
    const [out, letters] = [`${folder}/pairs.jsonl`, `${folder}/letters.jsonl`];
    const { stderr } = await succeed("pairs", ...[
      ...["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`],
      ...["--out", out, "--dead-letters", letters, ...PAIRS],
    ]);
    assertPlain(stderr);
    assertStringIncludes(stderr, `Skipped line 2 of ${folder}/documents.jsonl: it is not JSON`);
    assertStringIncludes(stderr, `Skipped ${folder}/documents.jsonl:4: text must be a string`);
    assertEquals(
      (await readLines(out)).map((row) => parsePair(row).id),
      ["doc-0", "doc-1", "doc-2"],
    );
    const dropped = await readLines<DeadLetter>(letters);
    assertEquals(dropped.map(({ stage, reason }) => [stage, reason]), [
      ["documents", "the line is not JSON"],
      ["documents", "not a record"],
      ["chunk", "shorter than a chunk"],
    ]);
    const records = dropped.map(({ record }) => record as Record<string, unknown>);
    assertEquals(
      [records[0].line, records[1].source, records[2].id],
      [2, `${folder}/documents.jsonl:4`, "short"],
    );
  });
});

Deno.test("pairs says what a document's turns lost, in the report and in the record", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    const [line] = worldLines(1);
    const [one, other] = line.questions;
    await writeLines(`${folder}/documents.jsonl`, [{
      ...line,
      questions: [one, other, `${one} `],
    }]);
    const out = `${folder}/pairs.jsonl`;
    const { stderr } = await succeed("pairs", ...[
      ...["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`],
      ...["--out", out, ...PAIRS, "--turns", "3"],
    ]);
    assertStringIncludes(stderr, "turns dropped: question asked before 1");
    const [pair] = (await readLines(out)).map(parsePair);
    assertEquals(pair.dropped, { "question asked before": 1 });
    assertEquals(pair.turns.map(({ question }) => question).sort(), [one, other].sort());
  });
});

Deno.test("pairs warns of documents that the embedded model cannot know", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/note.txt`, "A short note.");
    const documents = ["--documents", `${folder}/note.txt`];
    const warning = "The embedded model knows nothing but its made-up world";
    await fail("pairs", documents, [warning, "No document gave a pair"]);
    await writeTinyModel(`${folder}/tiny`);
    const { stderr } = await run("pairs", "--model", `${folder}/tiny`, ...documents);
    assert(!stderr.includes(warning));
  });
});

Deno.test("pairs cuts documents that are longer than a long context", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(1, { tokens: 500, questions: 99 }));
    const { stdout, stderr } = await succeed("pairs", ...[
      ...["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`, ...PAIRS],
    ]);
    // What comes out is data; the plan and what came of it are said beside it.
    for (const said of ["sampleShort", "jsonlStdout", "long documents cut 1"]) {
      assertStringIncludes(stderr, said);
    }
    const ids = stdout.trim().split("\n").map((line) => parsePair(JSON.parse(line)).id);
    assert(ids.length >= 2 && ids.every((id) => /^doc-0#\d$/.test(id)), ids.join(" "));
  });
});
