import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import {
  type ByteWriter,
  createContext,
  jsonlFile,
  jsonlLines,
  jsonlStdout,
  keptRows,
  pipeline,
  type Stage,
  StageError,
  tee,
  UserError,
} from "@longpo/longpo/flow";
import { type Row, settle, streamOf, watched, watchedContext } from "./helpers.ts";

async function temporary(name: string): Promise<string> {
  return `${await Deno.makeTempDir()}/${name}`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function programPath(name: string): string {
  return fileURLToPath(new URL(`./programs/${name}`, import.meta.url));
}

function bytesOf(...chunks: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(chunks).pipeThrough(new TextEncoderStream());
}

Deno.test("jsonlLines gives each line its number, whatever ends it", async () => {
  const rows = jsonlLines(bytesOf("1\r\n", "\n[2", ",3]\n{", '"ü": "\\n"}'))(createContext());
  assertEquals(await Array.fromAsync(rows), [
    { line: 1, value: 1 },
    { line: 3, value: [2, 3] },
    { line: 4, value: { "ü": "\n" } },
  ]);
});

Deno.test("jsonlLines drops broken lines by number and goes on", async () => {
  const path = await temporary("broken.jsonl");
  await Deno.writeTextFile(path, '{"a": 1}\n{"a": \n{"a": 3}\nnonsense\n');
  const context = watchedContext();
  const rows = await Array.fromAsync(jsonlLines<{ a: number }>(path)(context));
  assertEquals(rows.map(({ line, value }) => [line, value.a]), [[1, 1], [3, 3]]);
  assertEquals(
    context.drops.map(({ reason, record }) => [reason, (record as { line: number }).line]),
    [["the line is not JSON", 2], ["the line is not JSON", 4]],
  );
  assert(context.warnings[0].startsWith(`Skipped line 2 of ${path}: it is not JSON (`));
});

Deno.test("jsonlLines does not fill the log when all lines are broken", async () => {
  const context = watchedContext();
  const bytes = bytesOf("{\n".repeat(1000));
  assertEquals(await Array.fromAsync(jsonlLines(bytes)(context)), []);
  assertEquals(context.drops.length, 1000);
  assertEquals(context.warnings.length, 11);
});

Deno.test("jsonlLines reads a line of many chunks in linear time", async () => {
  const chunk = "x".repeat(1_500);
  async function* oneLine() {
    yield '"';
    for (let n = 0; n < 16_000; n++) yield chunk;
    yield '"\n7';
  }
  const bytes = ReadableStream.from(oneLine()).pipeThrough(new TextEncoderStream());
  const rows = await Array.fromAsync(jsonlLines(bytes)(createContext()));
  assertEquals((rows[0].value as string).length, 24_000_000);
  assertEquals(rows[1], { line: 2, value: 7 });
});

Deno.test("jsonlLines says which file it cannot read", async () => {
  await assertRejects(
    () => Array.fromAsync(jsonlLines("no/such.jsonl")(createContext())),
    UserError,
    "Cannot read no/such.jsonl: there is no such file",
  );
});

Deno.test("jsonlLines closes its file when the consumer breaks", async () => {
  const path = await temporary("rows.jsonl");
  await Deno.writeTextFile(path, "1\n".repeat(100_000));
  for await (const { line } of jsonlLines(path)(createContext())) if (line === 3) break;
});

Deno.test("jsonlLines ends when it is aborted while it waits for a line", async () => {
  const controller = new AbortController();
  const silent = new ReadableStream<Uint8Array<ArrayBuffer>>({});
  const context = createContext({ signal: controller.signal });
  const reading = Array.fromAsync(jsonlLines(silent)(context));
  await settle();
  controller.abort(new Error("stop"));
  await assertRejects(() => reading, Error, "stop");
});

Deno.test("jsonlFile writes what jsonlLines reads, under the final name only at the end", async () => {
  const path = await temporary("rows.jsonl");
  const seen: boolean[] = [];
  async function* rows() {
    for await (const row of watched(3_000).rows) {
      if (row.n === 2_999) seen.push(await exists(path), await exists(`${path}.part`));
      yield row;
    }
  }
  await jsonlFile(path)(rows(), createContext());
  seen.push(await exists(path), await exists(`${path}.part`));
  assertEquals(seen, [false, true, true, false]);
  const back = await Array.fromAsync(jsonlLines<Row>(path)(createContext()));
  assertEquals(back.map(({ value }) => value), await Array.fromAsync(watched(3_000).rows));
});

Deno.test("jsonlFile leaves what was there, and whole lines beside it, when the run fails", async () => {
  const path = await temporary("rows.jsonl");
  await Deno.writeTextFile(path, "earlier\n");
  const brittle: Stage<Row, Row> = async function* brittle(source) {
    for await (const row of source) {
      if (row.n === 2_000) throw new Error("boom");
      yield row;
    }
  };
  await assertRejects(
    () =>
      pipeline({ name: "x", source: watched().rows, stages: [brittle], sink: jsonlFile(path) })
        .run(),
    StageError,
    'Stage brittle failed on record "row-2000": boom',
  );
  assertEquals(await Deno.readTextFile(path), "earlier\n");
  const part = await Deno.readTextFile(`${path}.part`);
  assert(part.length > 0 && part.endsWith("}\n"));
});

Deno.test("jsonlFile behind a tee is not renamed when the stream stops before its end", async () => {
  const path = await temporary("rows.jsonl");
  for await (const _ of tee<Row>(jsonlFile(path))(watched().rows, createContext())) break;
  assertEquals([await exists(path), await exists(`${path}.part`)], [false, true]);
});

Deno.test("jsonlFile goes on behind the whole lines that a stopped run left", async () => {
  const path = await temporary("rows.jsonl");
  const long = "x".repeat(100_000);
  await Deno.writeTextFile(`${path}.part`, `1\n"${long}"\n[3,"${long}`);
  assertEquals(await keptRows(path), [1, long]);
  await pipeline({ name: "x", source: [3, 4], stages: [], sink: jsonlFile(path, { goOn: true }) })
    .run();
  assertEquals(await Deno.readTextFile(path), `1\n"${long}"\n3\n4\n`);
  assertEquals(await keptRows(path), []);
});

Deno.test("jsonlFile that goes on keeps what was there when it is stopped again", async () => {
  const path = await temporary("rows.jsonl");
  await Deno.writeTextFile(`${path}.part`, "1\n2\n");
  const broken = async function* () {
    yield await Promise.reject<number>(new Error("boom"));
  };
  await assertRejects(() => jsonlFile(path, { goOn: true })(broken(), createContext()));
  assertEquals(await keptRows(path), [1, 2]);
});

Deno.test("jsonlFile says what it cannot write", async () => {
  const path = `${await Deno.makeTempDir()}/missing/rows.jsonl`;
  const source = watched();
  const error = await assertRejects(
    () => pipeline({ name: "x", source: source.rows, stages: [], sink: jsonlFile(path) }).run(),
    StageError,
    `Cannot write ${path}`,
  );
  assert(error.cause instanceof UserError);
  assertEquals(source.pulled, 0);
});

Deno.test({
  name: "jsonlFile on a full disk says so and leaves nothing under the final name",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const path = await temporary("rows.jsonl");
    await Deno.symlink("/dev/full", `${path}.part`);
    // Only a program that may do all may write to a device.
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", programPath("write_rows.ts"), path],
    }).output();
    const [closed, said] = new TextDecoder().decode(stdout).split("\n");
    assertEquals(closed, "source closed");
    assertMatch(said, /^Stage jsonlFile failed( on record .*)?: Cannot write .*: No space left/);
    assertEquals(await exists(path), false);
  },
});

Deno.test("jsonlFile names the record that is no JSON", async () => {
  const path = await temporary("rows.jsonl");
  const error = await assertRejects(
    () =>
      pipeline({
        name: "x",
        source: [{ id: "a", n: 1n }],
        stages: [],
        sink: jsonlFile(path),
      }).run(),
    StageError,
  );
  assertEquals([error.stage, error.recordId], ["jsonlFile", "a"]);
  assertEquals(await exists(path), false);
});

Deno.test("jsonlStdout writes all of it to a writer that takes only a part at a time", async () => {
  const decoder = new TextDecoder();
  let text = "";
  const narrow: ByteWriter = {
    write(bytes) {
      text += decoder.decode(bytes.subarray(0, 7), { stream: true });
      return Promise.resolve(Math.min(7, bytes.length));
    },
  };
  const rows = await Array.fromAsync(watched(500).rows);
  await jsonlStdout(narrow)(streamOf<unknown>(...rows, "ü"), createContext());
  assertEquals(text, [...rows, "ü"].map((row) => `${JSON.stringify(row)}\n`).join(""));
});

Deno.test("jsonlStdout writes many rows at a time, and a waiting row soon", async () => {
  const writes: number[] = [];
  const writer: ByteWriter = {
    write(bytes) {
      writes.push(bytes.length);
      return Promise.resolve(bytes.length);
    },
  };
  const gate = Promise.withResolvers<void>();
  async function* rows() {
    yield* (await Array.fromAsync(watched(2_000).rows));
    await gate.promise;
    yield "last";
  }
  const writing = jsonlStdout(writer)(rows(), createContext());
  while (writes.length < 4) await settle();
  assertEquals(writes.length, 4);
  gate.resolve();
  await writing;
  assertEquals(writes.length, 5);
});

for (const pause of [0, 30]) {
  Deno.test(`jsonlStdout stops the pipeline cleanly when its reader leaves, a row each ${pause} ms`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", programPath("count_to_stdout.ts"), `${pause}`],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    assert(new TextDecoder().decode(value).startsWith('{"n":0}\n'));
    await reader.cancel();
    const said = await new Response(child.stderr).text();
    const { code } = await child.status;
    assertEquals([code, said], [0, "source closed\nfinished\n"]);
  });
}

Deno.test("jsonlStdout writes the rows that came before a failure, and then tells it", async () => {
  let text = "";
  const writer: ByteWriter = {
    write: (bytes) => {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
  };
  async function* failing() {
    yield { n: 1 };
    yield { n: 2 };
    throw new Error("no third");
  }
  await assertRejects(() => jsonlStdout(writer)(failing(), createContext()), Error, "no third");
  assertEquals(text, '{"n":1}\n{"n":2}\n');
});
