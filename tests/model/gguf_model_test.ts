import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  loadModel,
  loadTextModel,
  type Model,
  packRow,
  RowForward,
  saveModel,
  sha256,
} from "../../lib/model/mod.ts";

const TINY = new URL("../golden/gguf/tiny.gguf", import.meta.url).pathname;

interface Golden {
  ids: number[];
  lastLogProbs: number[];
  sha256: Record<string, string>;
}

async function golden(): Promise<Golden> {
  return JSON.parse(await Deno.readTextFile(TINY.replace(/gguf$/, "json")));
}

async function withFolder(use: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function hashOf(data: Float32Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", data.slice());
  return new Uint8Array(digest).toHex();
}

/** How likely each token is after `ids`. */
async function nextLogProbs({ config, parameters }: Model, ids: number[]): Promise<number[]> {
  const tokens = Array.from({ length: config.vocabSize }, (_, token) => token);
  await using forward = await RowForward.open(config, { threads: 1 });
  const found: number[] = [];
  for (const token of tokens) {
    const all = [...ids, token];
    const row = packRow([{
      id: "golden",
      sequences: [{
        side: "chosen",
        ids: all,
        turnOf: all.map((_, i) => i === ids.length ? 0 : -1),
        inNll: all.map(() => false),
      }],
      referenceChosen: [],
      referenceRejected: [],
    }]);
    found.push((await forward.logProbs(parameters, row))[0]);
  }
  return found;
}

Deno.test("loadModel reads a GGUF file's weights as Hugging Face orders them", async () => {
  const { parameters, config, name } = await loadModel(TINY);
  const { sha256: expected } = await golden();
  assertEquals([...parameters.keys()].sort(), Object.keys(expected).sort());
  for (const [name, { data }] of parameters) {
    assertEquals(await hashOf(data as Float32Array), expected[name], name);
  }
  assertEquals(name, "tiny");
  assertEquals(config.ropeTheta, 50_000);
  assertEquals(config.normEpsilon, 1e-5);
  assertEquals(config.maxPositions, 128);
  assertEquals(config.keyValueHeadCount, 2);
  assertEquals(config.tieEmbeddings, false);
  assertEquals(config.bosTokenId, 1);
  assertEquals(config.eosTokenIds, [2]);
});

Deno.test("loadModel makes a model of a GGUF file that computes as transformers does", async () => {
  const { ids, lastLogProbs } = await golden();
  const found = await nextLogProbs(await loadModel(TINY), ids);
  const distance = Math.max(...found.map((value, token) => Math.abs(value - lastLogProbs[token])));
  assert(distance < 1e-4, `${distance}`);
});

Deno.test("loadTextModel reads tokenizer and template of a GGUF file", async () => {
  const { tokenizer, chat } = await loadTextModel(TINY);
  assertEquals(tokenizer.vocabSize, 420);
  assert(tokenizer.beginsWithBos);
  assertEquals(chat.render([{ role: "user", content: "Hi" }]), "<s>user: Hi\n");
  const own = await loadTextModel(TINY, { chatTemplate: "{{ eos_token }}" });
  assertEquals(own.chat.render([]), "</s>");
});

Deno.test("saveModel makes a Hugging Face folder of a GGUF file", async () => {
  await withFolder(async (folder) => {
    const model = await loadModel(TINY);
    await saveModel(model, `${folder}/saved`);
    const saved = await loadModel(`${folder}/saved`);
    assertEquals(saved.fingerprint, model.fingerprint);
    assertEquals(saved.chatHash, model.chatHash);
    const text = "In 1847 the harbour had 312 ships</s>\n";
    assertEquals(saved.tokenizer.encode(text), model.tokenizer.encode(text));
    assertEquals(saved.tokenizer.beginsWithBos, model.tokenizer.beginsWithBos);
    assertEquals(saved.config.eosTokenIds, model.config.eosTokenIds);
    const config = await Deno.readTextFile(`${folder}/saved/config.json`);
    assertStringIncludes(config, `"rope_theta": 50000.0,`);
    const files = [...Deno.readDirSync(`${folder}/saved`)].map(({ name }) => name).sort();
    assertEquals(files, [
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
  });
});

Deno.test("saveModel writes the same folder of a GGUF file each time", async () => {
  await withFolder(async (folder) => {
    const model = await loadModel(TINY);
    const hashes: string[] = [];
    for (const name of ["one", "two"]) {
      await saveModel(model, `${folder}/${name}`, { dtype: "BF16", ropeTheta: 1e6 });
      hashes.push(sha256(await Deno.readTextFile(`${folder}/${name}/config.json`)));
    }
    assertEquals(hashes[0], hashes[1]);
    const saved = await loadModel(`${folder}/two`);
    assertEquals(saved.config.ropeTheta, 1e6);
    assertStringIncludes(
      await Deno.readTextFile(`${folder}/two/config.json`),
      `"torch_dtype": "bfloat16"`,
    );
  });
});

/** Where a text is in a file. */
function placeOf(bytes: Uint8Array, text: string): number {
  const at = new TextDecoder("latin1").decode(bytes).indexOf(text);
  assert(at >= 0, text);
  return at;
}

/** A file with some bytes of its header changed into as many others. */
function changed(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const copy = bytes.slice();
  copy.set(new TextEncoder().encode(to), placeOf(bytes, from));
  return copy;
}

/** A file in which a matrix is of another type. */
function retyped(bytes: Uint8Array, matrix: string, type: number): Uint8Array {
  const copy = bytes.slice();
  // Behind the name are the number of dimensions and two sizes of 8 bytes.
  copy[placeOf(bytes, matrix) + matrix.length + 4 + 16] = type;
  return copy;
}

Deno.test("loadModel names what is wrong with a GGUF file", async () => {
  const whole = await Deno.readFile(TINY);
  const cases: [Uint8Array, string][] = [
    [whole.subarray(0, whole.length - 1000), "ends inside or before tensor"],
    [whole.subarray(0, 4000), "model.gguf"],
    [whole.subarray(0, 2), "is not a GGUF file"],
    [new TextEncoder().encode("{}\n{}\n{}\n"), `is not a GGUF file: it does not begin with "GGUF"`],
    [changed(whole, "\x05\0\0\0\0\0\0\0llama", "\x05\0\0\0\0\0\0\0falco"), `architecture "falco"`],
    [retyped(whole, "blk.1.ffn_up.weight", 20), `tensor "blk.1.ffn_up.weight" is IQ4_NL`],
    [retyped(whole, "blk.1.ffn_up.weight", 200), `tensor "blk.1.ffn_up.weight" is of type 200`],
    [changed(whole, "blk.1.ffn_up.weight", "blk.1.ffn_xx.weight"), `"blk.1.ffn_xx.weight"`],
    [changed(whole, "llama.block_count", "llama.block_xxxxx"), `"llama.block_count" is missing`],
    [changed(whole, "llama-bpe", "llama-xyz"), `splits texts as "llama-xyz" does`],
  ];
  await withFolder(async (folder) => {
    const path = `${folder}/model.gguf`;
    for (const [bytes, message] of cases) {
      await Deno.writeFile(path, bytes);
      const error = await assertRejects(() => loadModel(path), UserError, message);
      assertStringIncludes(error.message, path);
    }
  });
});

Deno.test("loadModel names a GGUF file that is not there", async () => {
  const error = await assertRejects(() => loadModel("./nowhere/model.gguf"), UserError);
  assertEquals(error.message, "There is no file ./nowhere/model.gguf");
});

Deno.test("loadModel stops reading a GGUF file when it is told to", async () => {
  await assertRejects(() => loadModel(TINY, { signal: AbortSignal.abort() }), DOMException);
});
