import { assertEquals, assertRejects } from "@std/assert";
import { documents } from "../../lib/data/documents.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { runSource } from "./run_stage.ts";

/** A folder with these files, gone when disposed of. */
async function folderOf(files: Record<string, string | Uint8Array>) {
  const path = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    const file = `${path}/${name}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(file, content);
    else await Deno.writeFile(file, content);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

function streamOf(text: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([text]).stream();
}

Deno.test("documents reads a folder recursively, sorted by name", async () => {
  await using folder = await folderOf({
    "b.txt": "Beta",
    "a/z.md": "Zeta",
    "a/c.txt": "Gamma",
    "B.tex": "Capital",
    "notes.bin": "not read",
    ".hidden.txt": "not read",
  });
  const { out } = await runSource(documents({ paths: [`${folder.path}/`] }));
  assertEquals(out.map(({ id }) => id), ["B.tex", "a/c.txt", "a/z.md", "b.txt"]);
  assertEquals(out[1], { id: "a/c.txt", source: `${folder.path}/a/c.txt`, text: "Gamma" });
});

Deno.test("documents reads JSONL with fields of other names", async () => {
  const lines = [
    { name: 5, content: "Five", ask: "Why?" },
    { content: "None", ask: ["Who?", "When?"] },
    { name: "x", content: "Ex", ask: null },
  ];
  await using folder = await folderOf({
    "d.jsonl": lines.map((l) => JSON.stringify(l)).join("\n"),
  });
  const fields = { id: "name", text: "content", questions: "ask" };
  const path = `${folder.path}/d.jsonl`;
  const { out } = await runSource(documents({ paths: [path], fields }));
  assertEquals(out, [
    { id: "5", source: `${path}:1`, text: "Five", questions: ["Why?"] },
    { id: "d.jsonl:2", source: `${path}:2`, text: "None", questions: ["Who?", "When?"] },
    { id: "x", source: `${path}:3`, text: "Ex" },
  ]);
});

Deno.test("documents goes on after lines that are no documents, and keeps them", async () => {
  const text = ['{"text": "One"}', "{oops", "", '{"txt": "Two"}', "7", '{"text": "Three"}', '{"te']
    .join("\n");
  const { out, dropped, messages } = await runSource(
    documents({ paths: ["-"], stdin: streamOf(text) }),
  );
  assertEquals(out.map(({ id, text }) => [id, text]), [["stdin:1", "One"], ["stdin:6", "Three"]]);
  assertEquals(dropped.map(({ reason }) => reason), [
    "the line is not JSON",
    "not a record",
    "not a record",
    "the line is not JSON",
  ]);
  assertEquals(dropped[1].record, {
    source: "stdin:4",
    value: { txt: "Two" },
    error: "text must be a string",
  });
  assertEquals(messages[1], "Skipped stdin:4: text must be a string");
});

Deno.test("documents drops empty documents and files that are no text", async () => {
  await using folder = await folderOf({
    "empty.txt": " \n",
    "latin.txt": Uint8Array.of(0xe9, 0x74, 0xe9),
    "whale.txt": "Whale",
  });
  const { out, dropped } = await runSource(documents({ paths: [folder.path] }));
  assertEquals(out.map(({ id }) => id), ["whale.txt"]);
  assertEquals(dropped.map(({ reason }) => reason), ["empty document", "not UTF-8 text"]);
});

Deno.test("documents gives unique ids and reads nothing twice", async () => {
  await using one = await folderOf({ "a.txt": "One" });
  await using other = await folderOf({ "a.txt": "Other" });
  const paths = [one.path, other.path, other.path];
  const { out, dropped } = await runSource(documents({ paths }));
  assertEquals(out.map(({ id }) => id), ["a.txt", `${other.path}/a.txt`]);
  assertEquals(dropped.map(({ reason }) => reason), ["document read before"]);
});

Deno.test("documents says what it cannot read", async () => {
  await using folder = await folderOf({ "a.bin": "x", "empty/.keep": "" });
  const read = (path: string) => runSource(documents({ paths: [`${folder.path}/${path}`] }));
  await assertRejects(() => read("none.txt"), UserError, "none.txt");
  await assertRejects(() => read("a.bin"), UserError, "no text or JSONL file");
  await assertRejects(() => read("empty"), UserError, "no document in the folder");
});

Deno.test("documents closes its file when the pipeline stops early", async () => {
  await using folder = await folderOf({ "d.jsonl": '{"text": "a"}\n'.repeat(9) });
  const source = documents({ paths: [`${folder.path}/d.jsonl`] });
  // The test runner fails a test that leaves a file open.
  for (let round = 0; round < 2; round++) {
    const context = { signal: new AbortController().signal, seed: 0, log: console, meter };
    for await (const document of source(context)) {
      assertEquals(document.id, "d.jsonl:1");
      break;
    }
  }
});

const meter = { drop() {}, count() {} };
