import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  downloadModel,
  type DownloadProgress,
  hubModel,
  type HubOptions,
  loadModel,
  loadTextModel,
  modelSource,
} from "../../lib/model/mod.ts";
import { FakeHub } from "./fake_hub.ts";

const TINY = new URL("../golden/gguf/tiny.gguf", import.meta.url).pathname;
const EXAMPLE = new URL("../../examples/model", import.meta.url).pathname;
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const ID = "lighthouse/keeper-1M";

const encoder = new TextEncoder();

/** A hub that knows the embedded model, and an empty cache. */
async function withHub(use: (hub: FakeHub, options: HubOptions) => Promise<void>) {
  const cacheFolder = await Deno.makeTempDir();
  try {
    await using hub = new FakeHub();
    const files: Record<string, Uint8Array> = {};
    for (const { name } of Deno.readDirSync(EXAMPLE)) {
      files[name] = await Deno.readFile(`${EXAMPLE}/${name}`);
    }
    files["README.md"] = encoder.encode("# A model");
    files["pytorch_model.bin"] = encoder.encode("pickled");
    files["tiny.gguf"] = await Deno.readFile(TINY);
    hub.repositories[ID] = { commit: COMMIT, files };
    // No proxy and no token of the environment: both are given.
    await use(hub, { hubUrl: hub.url, cacheFolder, token: "", offline: false });
  } finally {
    await Deno.remove(cacheFolder, { recursive: true });
  }
}

Deno.test("loadModel loads a model from a hub", async () => {
  await withHub(async (hub, options) => {
    const progress: DownloadProgress[] = [];
    const onProgress = (step: DownloadProgress) => void progress.push(step);
    const model = await loadModel(ID, { hub: { ...options, onProgress } });
    assertEquals(model.fingerprint, (await loadModel(EXAMPLE)).fingerprint);
    assertEquals(model.name, ID);
    assertEquals(hub.downloads.sort(), [
      "config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const { totalBytes } = progress[0];
    assertEquals(totalBytes, hub.downloads.reduce((sum, name) => sum + sizeOf(hub, name), 0));
    assertEquals(progress.at(-1)!.bytes, totalBytes);
    progress.reduce((before, { bytes }) => {
      assert(bytes >= before);
      return bytes;
    }, 0);
  });
});

function sizeOf(hub: FakeHub, file: string): number {
  return hub.repositories[ID].files[file].length;
}

Deno.test("downloadModel keeps files as all Hugging Face libraries do", async () => {
  await withHub(async (_, options) => {
    const folder = await downloadModel({ id: ID }, options);
    const repository = `${options.cacheFolder}/models--lighthouse--keeper-1M`;
    assertEquals(folder, `${repository}/snapshots/${COMMIT}`);
    assertEquals(await Deno.readTextFile(`${repository}/refs/main`), COMMIT);
    const target = await Deno.readLink(`${folder}/config.json`);
    assert(/^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/.test(target), target);
    const large = await Deno.readLink(`${folder}/model.safetensors`);
    assert(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/.test(large), large);
    const blobs = [...Deno.readDirSync(`${repository}/blobs`)].map(({ name }) => name);
    assert(blobs.every((name) => !name.endsWith(".incomplete")));
  });
});

Deno.test("downloadModel sends no bytes twice", async () => {
  await withHub(async (hub, options) => {
    await downloadModel({ id: ID }, options);
    hub.seen.length = 0;
    await downloadModel({ id: ID }, options);
    assertEquals(hub.downloads, []);
    // Another commit with one changed file.
    const { files } = hub.repositories[ID];
    const commit = COMMIT.replace("0123", "4567");
    hub.repositories[ID] = { commit, files: { ...files, LICENSE: encoder.encode("MIT") } };
    const folder = await downloadModel({ id: ID }, options);
    assertEquals(hub.downloads, ["LICENSE"]);
    assert(folder.endsWith(commit));
  });
});

Deno.test("loadTextModel leaves the weights on the hub", async () => {
  await withHub(async (hub, options) => {
    const { config } = await loadTextModel(ID, { hub: options });
    assertEquals(config.architecture, "llama");
    assert(!hub.downloads.includes("model.safetensors"));
  });
});

Deno.test("loadModel loads one GGUF file of a hub's model", async () => {
  await withHub(async (hub, options) => {
    const model = await loadModel(`${ID}/tiny.gguf@v1/beta`, { hub: options });
    assertEquals(model.fingerprint, (await loadModel(TINY)).fingerprint);
    assertEquals(model.name, `${ID}/tiny.gguf`);
    assertEquals(hub.downloads, ["tiny.gguf"]);
    const missing = () => loadModel(`${ID}/other.gguf`, { hub: options });
    await assertRejects(missing, UserError, `${ID} has no file other.gguf`);
  });
});

Deno.test("downloadModel goes on where a connection broke", async () => {
  await withHub(async (hub, options) => {
    hub.breakAfter = 1_000_000;
    await downloadModel({ id: ID }, options);
    const ranges = hub.seen.filter(({ large }) => large).map(({ range }) => range);
    const asked = ranges.map((range) => Number(/\d+/.exec(range ?? "0")![0]));
    assertEquals(ranges[0], null);
    assert(asked.length >= 3, `${asked}`);
    for (const [index, from] of asked.entries()) assert(index === 0 || from > asked[index - 1]);
    const model = await loadModel(ID, { hub: options });
    assertEquals(model.fingerprint, (await loadModel(EXAMPLE)).fingerprint);
  });
});

Deno.test("downloadModel goes on where an earlier run was stopped", async () => {
  await withHub(async (hub, options) => {
    const stop = new AbortController();
    const onProgress = ({ file }: DownloadProgress) =>
      file === "model.safetensors" && stop.abort(new DOMException("enough", "AbortError"));
    await assertRejects(
      () => downloadModel({ id: ID }, { ...options, onProgress, signal: stop.signal }),
      DOMException,
      "enough",
    );
    hub.seen.length = 0;
    await downloadModel({ id: ID }, options);
    const [{ range }] = hub.seen.filter(({ large }) => large);
    assert(Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1]) > 0, `${range}`);
  });
});

Deno.test("downloadModel begins again where a hub sends no parts", async () => {
  await withHub(async (hub, options) => {
    hub.breakAfter = 1_000_000;
    hub.ignoresRanges = true;
    const error = await assertRejects(() => downloadModel({ id: ID }, options), UserError);
    assertStringIncludes(error.message, "model.safetensors");
    hub.breakAfter = Infinity;
    await downloadModel({ id: ID }, options);
    const model = await loadModel(ID, { hub: options });
    assertEquals(model.fingerprint, (await loadModel(EXAMPLE)).fingerprint);
  });
});

Deno.test("downloadModel refuses damaged bytes and takes good ones later", async () => {
  await withHub(async (hub, options) => {
    hub.damages = true;
    await assertRejects(() => downloadModel({ id: ID }, options), UserError, "came damaged");
    hub.damages = false;
    await downloadModel({ id: ID }, options);
  });
});

Deno.test("downloadModel lets two programs download the same model", async () => {
  await withHub(async (hub, options) => {
    const both = () => downloadModel({ id: ID }, options);
    const [first, second] = await Promise.all([both(), both()]);
    assertEquals(first, second);
    assertEquals(hub.downloads.filter((name) => name === "model.safetensors").length, 1);
  });
});

Deno.test("downloadModel takes what is in the cache where there is no hub", async () => {
  await withHub(async (hub, options) => {
    await downloadModel({ id: ID }, options);
    hub.seen.length = 0;
    const offline = await downloadModel({ id: ID }, { ...options, offline: true });
    assertEquals(hub.seen, []);
    const nowhere = { ...options, hubUrl: "http://127.0.0.1:9" };
    assertEquals(await downloadModel({ id: ID }, nowhere), offline);
    assertEquals(await downloadModel({ id: ID, revision: COMMIT }, nowhere), offline);
    const error = await assertRejects(
      () => downloadModel({ id: "lighthouse/other" }, nowhere),
      UserError,
      "http://127.0.0.1:9 cannot be reached to download lighthouse/other",
    );
    assertStringIncludes(error.message, "nothing of it is in the cache");
    await assertRejects(
      () => downloadModel({ id: ID, revision: "v2" }, { ...options, offline: true }),
      UserError,
      "HF_HUB_OFFLINE is set",
    );
  });
});

Deno.test("downloadModel does not take a part of a model from the cache for all of it", async () => {
  await withHub(async (_, options) => {
    await downloadModel({ id: ID }, { ...options, weights: false });
    const offline = { ...options, offline: true };
    await downloadModel({ id: ID }, { ...offline, weights: false });
    await assertRejects(
      () => downloadModel({ id: ID }, offline),
      UserError,
      "lacks model.safetensors",
    );
  });
});

Deno.test("downloadModel shows its token to the hub alone", async () => {
  await withHub(async (hub, options) => {
    hub.repositories[ID].readers = ["secret"];
    await downloadModel({ id: ID }, { ...options, token: "secret" });
    for (const { large, token } of hub.seen) assertEquals(token, large ? null : "secret");
  });
});

Deno.test("downloadModel says why a hub refuses", async () => {
  await withHub(async (hub, options) => {
    const { files } = hub.repositories[ID];
    const readers = ["friend"];
    hub.repositories["lighthouse/gated"] = { commit: COMMIT, files, gated: true, readers };
    hub.repositories["lighthouse/private"] = { commit: COMMIT, files, readers };
    hub.repositories["lighthouse/data"] = {
      commit: COMMIT,
      files: { "a.txt": encoder.encode("") },
    };
    const cases: [string, string, string, string][] = [
      ["lighthouse/gated", "", "lighthouse/gated is gated", "set HF_TOKEN"],
      ["lighthouse/gated", "stranger", "the token's owner has no access", "Ask for access on"],
      ["lighthouse/private", "", "no such model on", "HF_TOKEN"],
      ["lighthouse/private", "stranger", "no such model on", "Check the name"],
      ["lighthouse/nothing", "", "There is no folder lighthouse/nothing, and no such model", ""],
      ["lighthouse/data", "", "has no config.json", "lighthouse/data/file.gguf"],
      [`${ID}@v3`, "", "but not in that revision", "a branch, a tag or a commit"],
    ];
    for (const [name, token, message, hint] of cases) {
      const load = () => loadModel(name, { hub: { ...options, token } });
      const error = await assertRejects(load, UserError, message);
      assertStringIncludes(error.hint ?? "", hint);
    }
    hub.fails = 503;
    const error = await assertRejects(() => loadModel(ID, { hub: options }), UserError, "503");
    assertStringIncludes(error.hint ?? "", "Try again later");
  });
});

Deno.test("downloadModel finds hub, cache and token in the environment", async () => {
  await withHub(async (hub, { cacheFolder }) => {
    hub.repositories[ID].readers = ["mine"];
    const names = { HF_ENDPOINT: hub.url, HF_HUB_CACHE: cacheFolder!, HF_TOKEN: "mine" };
    const before = Object.keys(names).map((name) => [name, Deno.env.get(name)] as const);
    try {
      for (const [name, value] of Object.entries(names)) Deno.env.set(name, value);
      assert((await downloadModel({ id: ID })).startsWith(cacheFolder!));
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    }
  });
});

Deno.test("modelSource takes what is on disk before what is on a hub", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/organisation/name`, { recursive: true });
    assertEquals(await modelSource(`${folder}/organisation/name`), {
      kind: "folder",
      path: `${folder}/organisation/name`,
    });
    assertEquals(await modelSource(TINY), { kind: "gguf", path: TINY });
    assertEquals(await modelSource("organisation/name"), {
      kind: "hub",
      model: { id: "organisation/name" },
    });
    const error = await assertRejects(() => modelSource(`${folder}/nothing`), UserError);
    assertStringIncludes(error.hint ?? "", ".gguf");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("hubModel reads names as the hub writes them", () => {
  assertEquals(hubModel("a/b"), { id: "a/b" });
  assertEquals(hubModel("HuggingFaceTB/SmolLM2-1.7B@v1.0"), {
    id: "HuggingFaceTB/SmolLM2-1.7B",
    revision: "v1.0",
  });
  assertEquals(hubModel("a/b@refs/pr/1"), { id: "a/b", revision: "refs/pr/1" });
  assertEquals(hubModel("a/b/q4/c.gguf@main"), { id: "a/b", file: "q4/c.gguf", revision: "main" });
  for (
    const text of ["a", "/a/b", "./a/b", "../a", "a/b/c", "a/..", "a/../c.gguf", "a/b@", "a b/c"]
  ) {
    assertEquals(hubModel(text), undefined, text);
  }
});
