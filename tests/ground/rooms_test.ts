// The shape of the house: who may know whom, and what a newcomer has to download for it.
import { assertEquals } from "@std/assert";

/** In building order: a room knows only rooms before it. */
const rooms = [
  "flow",
  "onnx",
  "runtime",
  "model",
  "generate",
  "data",
  "objective",
  "train",
  "evaluate",
  "cli",
];

const root = new URL("../..", import.meta.url);

interface Module {
  specifier: string;
  dependencies?: {
    specifier: string;
    code?: { specifier?: string };
    type?: { specifier?: string };
  }[];
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(new URL(path, root));
    return true;
  } catch {
    return false;
  }
}

/** Every module that `path` reaches, its own included. */
async function graphOf(path: string): Promise<Map<string, Module>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL(path, root).href],
    cwd: root,
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  return new Map(modules.map((module) => [module.specifier, module]));
}

function roomOf(specifier: string): string | undefined {
  return specifier.startsWith(root.href)
    ? /^lib\/([^/]+)\//.exec(specifier.slice(root.href.length))?.[1]
    : undefined;
}

/** Every program below a folder. */
async function* programsIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) yield* programsIn(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

async function built(names: readonly string[]): Promise<string[]> {
  const there = await Promise.all(names.map((room) => exists(`lib/${room}/mod.ts`)));
  return names.filter((_, i) => there[i]);
}

Deno.test("rooms import only from rooms before them", async () => {
  const backwards: string[] = [];
  for (const room of await built(rooms)) {
    for (const { specifier, dependencies = [] } of (await graphOf(`lib/${room}/mod.ts`)).values()) {
      if (roomOf(specifier) !== room) continue;
      for (const { code, type } of dependencies) {
        const target = roomOf(code?.specifier ?? type?.specifier ?? "");
        if (target !== undefined && rooms.indexOf(target) > rooms.indexOf(room)) {
          backwards.push(`${specifier} imports from lib/${target}`);
        }
      }
    }
  }
  assertEquals(backwards, []);
});

Deno.test("only pipelines speak to a terminal: examples do without its room", async () => {
  const found: string[] = [];
  for await (const path of programsIn("examples")) {
    for (const { specifier, dependencies = [] } of (await graphOf(path)).values()) {
      if (roomOf(specifier) === "cli") continue;
      const targets = dependencies.map(({ code, type }) =>
        code?.specifier ?? type?.specifier ?? ""
      );
      if (targets.some((target) => roomOf(target) === "cli")) found.push(specifier);
    }
  }
  assertEquals(found, []);
});

Deno.test("rooms are known to this test", async () => {
  const folders = (await Array.fromAsync(Deno.readDir(new URL("lib", root))))
    .filter((entry) => entry.isDirectory).map((entry) => entry.name);
  assertEquals(folders.filter((name) => !rooms.includes(name)), []);
});

Deno.test("no room loads native code by being imported", async () => {
  const paths = (await built(rooms)).map((room) => `lib/${room}/mod.ts`);
  for (const path of paths) {
    assertEquals({ path, way: await wayToNativeCode(path) }, { path, way: undefined });
  }
});

Deno.test("a way to native code is found where there is one", async () => {
  const way = await wayToNativeCode("tests/ground/fixtures/native.ts");
  assertEquals(way?.slice(1), [
    new URL("tests/ground/fixtures/step.ts", root).href,
    "npm:onnxruntime-node@1.30.0",
  ]);
});

/** The shortest chain of imports that run from `path` to onnxruntime-node. */
async function wayToNativeCode(path: string): Promise<string[] | undefined> {
  const graph = await graphOf(path);
  const start = new URL(path, root).href;
  const ways: string[][] = [[start]];
  const seen = new Set([start]);
  for (const way of ways) {
    for (const { code } of graph.get(way[way.length - 1])?.dependencies ?? []) {
      const next = code?.specifier;
      if (next === undefined || seen.has(next)) continue;
      if (next.includes("onnxruntime-node")) return [...way, next];
      seen.add(next);
      ways.push([...way, next]);
    }
  }
}

Deno.test("mod.ts re-exports and does nothing else", async () => {
  const paths = (await built(rooms)).map((room) => `lib/${room}/mod.ts`);
  if (await exists("mod.ts")) paths.push("mod.ts");
  for (const path of paths) {
    const source = await Deno.readTextFile(new URL(path, root));
    const code = source.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    const others = code.split(";").map((statement) => statement.trim())
      .filter((statement) => statement !== "" && !/^export [^=]+ from "[^"]+"$/.test(statement));
    assertEquals({ path, others }, { path, others: [] });
  }
});

Deno.test("deno.lock names no host", async () => {
  const lock = await Deno.readTextFile(new URL("deno.lock", root));
  assertEquals(lock.match(/https?:\/\/[^/"]+/g), null);
});
