import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  fingerprint,
  loadModel,
  type Model,
  type Parameters,
  parseConfig,
  PLAIN_TEMPLATE,
  randomParameters,
  saveModel,
  type Tensor,
  type Weights,
  writeParameters,
  writeSafetensors,
} from "../../lib/model/mod.ts";
import { readGoldenTokenizer, TINY_STORIES, tinyStoriesIsThere } from "./fixtures.ts";

const CONFIG = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 448,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  rope_theta: 10000.5,
  tie_word_embeddings: false,
  torch_dtype: "float32",
};

async function withFolder(use: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function parametersOf(config: Record<string, unknown>): Parameters {
  return randomParameters(parseConfig(config), 5);
}

/** A whole model folder, with `config` changed as a test wants it. */
async function makeFolder(folder: string, change: Record<string, unknown> = {}): Promise<string> {
  const model = `${folder}/tiny`;
  await Deno.mkdir(model);
  const config = { ...CONFIG, ...change };
  await Deno.writeTextFile(`${model}/config.json`, JSON.stringify(config, null, 2) + "\n");
  await Deno.writeTextFile(`${model}/generation_config.json`, `{"eos_token_id": [2, 5]}\n`);
  const { json } = await readGoldenTokenizer("byte_level");
  await Deno.writeTextFile(`${model}/tokenizer.json`, JSON.stringify(json));
  await Deno.writeTextFile(
    `${model}/tokenizer_config.json`,
    JSON.stringify({ bos_token: "<s>", eos_token: "</s>", chat_template: PLAIN_TEMPLATE }),
  );
  await writeParameters(parametersOf(config), model);
  return model;
}

function storedTensors(parameters: Parameters): Map<string, Tensor> {
  const tensors = [...parameters.values()].map(({ name, shape, data }) =>
    [name, { dtype: "F32" as const, shape, data }] as const
  );
  return new Map(tensors);
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

function assertSameWeights(actual: Model, expected: Weights) {
  assertEquals([...actual.parameters.keys()], [...expected.keys()]);
  for (const [name, { shape, data }] of expected) {
    assertEquals(actual.parameters.get(name)!.shape, shape);
    assertEquals(actual.parameters.get(name)!.data, data, name);
  }
}

Deno.test("loadModel reads a folder", async () => {
  await withFolder(async (folder) => {
    const model = await loadModel(await makeFolder(folder));
    assertEquals(model.name, "tiny");
    assertEquals(model.config.layerCount, 2);
    assertEquals(model.config.eosTokenIds, [2, 5]);
    assertEquals(model.tokenizer.decode(model.tokenizer.encode("The ship")), "The ship");
    assertEquals(model.chat.render([{ role: "user", content: "Hi" }]), "Hi\n");
    assertEquals(model.chatHash, model.chat.hash);
    assertSameWeights(model, parametersOf(CONFIG));
  });
});

Deno.test("loadModel reads shards as it reads one file", async () => {
  await withFolder(async (folder) => {
    const path = await makeFolder(folder);
    const whole = await loadModel(path);
    await Deno.remove(`${path}/model.safetensors`);
    await writeParameters(whole.parameters, path, { maxShardBytes: 8000 });
    const shards = names(path).filter((name) => /^model-0000\d-of-0000\d\.safetensors$/.test(name));
    assert(shards.length > 2);
    const sharded = await loadModel(path);
    assertSameWeights(sharded, whole.parameters);
    assertEquals(sharded.fingerprint, whole.fingerprint);
    await Deno.remove(`${path}/${shards[1]}`);
    const error = await assertRejects(() => loadModel(path), UserError);
    assertStringIncludes(error.message, `names ${shards[1]}, which is missing`);
  });
});

for (const stored of ["model.embed_tokens.weight", "lm_head.weight"]) {
  Deno.test(`loadModel finds a tied matrix under ${stored}`, async () => {
    await withFolder(async (folder) => {
      const tied = { ...CONFIG, tie_word_embeddings: true };
      const path = await makeFolder(folder, tied);
      const parameters = parametersOf(tied);
      const tensors = storedTensors(parameters);
      const embedding = tensors.get("model.embed_tokens.weight")!;
      tensors.delete("model.embed_tokens.weight");
      tensors.set(stored, embedding);
      await writeSafetensors(`${path}/model.safetensors`, tensors);
      const model = await loadModel(path);
      assertSameWeights(model, parameters);
      await saveModel(model, `${folder}/saved`);
      assertSameWeights(await loadModel(`${folder}/saved`), parameters);
    });
  });
}

Deno.test("loadModel refuses a tied head that differs from the embedding", async () => {
  await withFolder(async (folder) => {
    const tied = { ...CONFIG, tie_word_embeddings: true };
    const path = await makeFolder(folder, tied);
    const tensors = storedTensors(parametersOf(tied));
    const embedding = tensors.get("model.embed_tokens.weight")!;
    tensors.set("lm_head.weight", embedding);
    await writeSafetensors(`${path}/model.safetensors`, tensors);
    assertSameWeights(await loadModel(path), parametersOf(tied));
    tensors.set("lm_head.weight", { ...embedding, data: new Float32Array(embedding.data.length) });
    await writeSafetensors(`${path}/model.safetensors`, tensors);
    await assertRejects(() => loadModel(path), UserError, "are there and differ");
  });
});

Deno.test("saveModel and loadModel give the same model, bit by bit", async () => {
  await withFolder(async (folder) => {
    const model = await loadModel(await makeFolder(folder));
    await saveModel(model, `${folder}/saved`, { card: "# A model\n" });
    const saved = await loadModel(`${folder}/saved`);
    assertSameWeights(saved, model.parameters);
    assertEquals(saved.fingerprint, model.fingerprint);
    assertEquals(saved.chatHash, model.chatHash);
    assertEquals(names(`${folder}/saved`), [...names(model.folder), "README.md"].sort());
    for (const file of names(model.folder)) {
      if (file === "model.safetensors") continue;
      assertEquals(
        await Deno.readTextFile(`${folder}/saved/${file}`),
        await Deno.readTextFile(`${model.folder}/${file}`),
        file,
      );
    }
    assertEquals(await Deno.readTextFile(`${folder}/saved/README.md`), "# A model\n");
    assertEquals(names(folder), ["saved", "tiny"]);
  });
});

Deno.test("saveModel changes of config.json what it must", async () => {
  await withFolder(async (folder) => {
    const model = await loadModel(await makeFolder(folder));
    await saveModel(model, `${folder}/saved`, { dtype: "BF16", ropeTheta: 5e6, maxPositions: 128 });
    const [before, after] = await Promise.all(
      [model.folder, `${folder}/saved`].map((path) => Deno.readTextFile(`${path}/config.json`)),
    );
    const expected = before
      .replace(`"rope_theta": 10000.5`, `"rope_theta": 5000000.0`)
      .replace(`"max_position_embeddings": 64`, `"max_position_embeddings": 128`)
      .replace(`"torch_dtype": "float32"`, `"torch_dtype": "bfloat16"`);
    assertEquals(after, expected);
    const saved = await loadModel(`${folder}/saved`);
    assertEquals(saved.config.ropeTheta, 5e6);
    await saveModel(saved, `${folder}/again`, { dtype: "BF16" });
    assertEquals((await loadModel(`${folder}/again`)).fingerprint, saved.fingerprint);
  });
});

Deno.test("saveModel leaves alone what is there, unless told", async () => {
  await withFolder(async (folder) => {
    const model = await loadModel(await makeFolder(folder));
    const save = () => saveModel(model, model.folder);
    await assertRejects(save, UserError, `${model.folder} exists already`);
    await saveModel(model, model.folder, { overwrite: true, card: "new" });
    assertEquals((await loadModel(model.folder)).fingerprint, model.fingerprint);
    assertEquals(names(folder), ["tiny"]);
  });
});

Deno.test("saveModel leaves nothing behind when it is stopped", async () => {
  await withFolder(async (folder) => {
    const model = await loadModel(await makeFolder(folder));
    const signal = AbortSignal.abort();
    await assertRejects(() => saveModel(model, `${folder}/saved`, { signal }), DOMException);
    assertEquals(names(folder), ["tiny"]);
  });
});

const LACKING: [file: string, message: string][] = [
  ["config.json", "There is no file"],
  ["tokenizer.json", "There is no file"],
  ["model.safetensors", "has neither model.safetensors nor model.safetensors.index.json"],
];

for (const [file, message] of LACKING) {
  Deno.test(`loadModel names a missing ${file}`, async () => {
    await withFolder(async (folder) => {
      const path = await makeFolder(folder);
      await Deno.remove(`${path}/${file}`);
      const error = await assertRejects(() => loadModel(path), UserError);
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.message, path);
      assertStringIncludes(error.message, file);
    });
  });
}

Deno.test("loadModel names a missing folder", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const name of ["nowhere", "file/below"]) {
      await assertRejects(
        () => loadModel(`${folder}/${name}`),
        UserError,
        `There is no model folder ${folder}/${name}`,
      );
    }
  });
});

Deno.test("loadModel names a config.json that is no JSON", async () => {
  await withFolder(async (folder) => {
    const path = await makeFolder(folder);
    await Deno.writeTextFile(`${path}/config.json`, "{not json");
    await assertRejects(() => loadModel(path), UserError, `${path}/config.json is not JSON`);
  });
});

Deno.test("loadModel says that a tokenizer is too large for the model", async () => {
  await withFolder(async (folder) => {
    const path = await makeFolder(folder, { vocab_size: 400 });
    await assertRejects(() => loadModel(path), UserError, `config.json says "vocab_size": 400`);
  });
});

Deno.test("loadModel names weights that are missing, mis-shaped, unknown or broken", async () => {
  await withFolder(async (folder) => {
    const path = await makeFolder(folder);
    const file = `${path}/model.safetensors`;
    const norm = "model.layers.1.input_layernorm.weight";
    const attempt = async (
      change: (tensors: Map<string, Tensor>) => void,
      message: string,
    ) => {
      const tensors = storedTensors(parametersOf(CONFIG));
      change(tensors);
      await writeSafetensors(file, tensors);
      await assertRejects(() => loadModel(path), UserError, message);
    };
    const f32 = (data: number[]) => ({
      dtype: "F32" as const,
      shape: [data.length],
      data: Float32Array.from(data),
    });
    await attempt((t) => t.delete(norm), `lack "${norm}"`);
    await attempt(
      (t) => t.set(norm, f32([1, 2])),
      `"${norm}" is [2], but config.json makes it [16]`,
    );
    await attempt(
      (t) => t.set("model.layers.0.self_attn.q_proj.bias", f32([1])),
      `has not: "model.layers.0.self_attn.q_proj.bias"`,
    );
    await attempt((t) => {
      t.get(norm)!.data[3] = NaN;
    }, `${file}: "${norm}" holds NaN at element 3`);
    await attempt((t) => {
      t.get("lm_head.weight")!.data[0] = -Infinity;
    }, `"lm_head.weight" holds -Infinity at element 0`);
  });
});

Deno.test("loadModel forgives the rotary tables of old checkpoints", async () => {
  await withFolder(async (folder) => {
    const path = await makeFolder(folder);
    const tensors = storedTensors(parametersOf(CONFIG));
    const table = { dtype: "F32" as const, shape: [2], data: Float32Array.of(1, 0.1) };
    tensors.set("model.layers.0.self_attn.rotary_emb.inv_freq", table);
    await writeSafetensors(`${path}/model.safetensors`, tensors);
    assertSameWeights(await loadModel(path), parametersOf(CONFIG));
  });
});

Deno.test("loadModel names a truncated weights file", async () => {
  await withFolder(async (folder) => {
    const path = await makeFolder(folder);
    const { size } = await Deno.stat(`${path}/model.safetensors`);
    await Deno.truncate(`${path}/model.safetensors`, size - 100);
    const error = await assertRejects(() => loadModel(path), UserError, "ends inside or before");
    assertStringIncludes(error.hint!, "cut short");
  });
});

Deno.test("loadModel refuses an index that leads out of the folder", async () => {
  await withFolder(async (folder) => {
    const path = await makeFolder(folder);
    const index = { weight_map: { "model.norm.weight": "../other.safetensors" } };
    await Deno.writeTextFile(`${path}/model.safetensors.index.json`, JSON.stringify(index));
    await assertRejects(() => loadModel(path), UserError, "which is no shard");
  });
});

Deno.test("loadModel stops when it is told to", async () => {
  await withFolder(async (folder) => {
    const path = await makeFolder(folder);
    await assertRejects(() => loadModel(path, { signal: AbortSignal.abort() }), DOMException);
  });
});

Deno.test("fingerprint changes with any weight and with the rotary base", () => {
  const config = parseConfig(CONFIG);
  const parameters = randomParameters(config, 1);
  const before = fingerprint(config, parameters);
  assertEquals(fingerprint(config, new Map([...parameters].reverse())), before);
  assert(fingerprint({ ...config, ropeTheta: 1e6 }, parameters) !== before);
  parameters.get("model.norm.weight")!.data[7] += 1e-6;
  assert(fingerprint(config, parameters) !== before);
});

Deno.test("randomParameters follows the seed and Llama's rule", () => {
  const config = parseConfig({ ...CONFIG, initializer_range: 0.05 });
  const parameters = randomParameters(config, 1);
  assertEquals(fingerprint(config, parameters), fingerprint(config, randomParameters(config, 1)));
  assert(fingerprint(config, parameters) !== fingerprint(config, randomParameters(config, 2)));
  assert(parameters.get("model.norm.weight")!.data.every((x) => x === 1));
  const embedding = parameters.get("model.embed_tokens.weight")!.data;
  const variance = embedding.reduce((sum, x) => sum + x * x, 0) / embedding.length;
  assert(Math.abs(Math.sqrt(variance) - 0.05) < 0.002);
});

Deno.test({
  name: "saveModel gives a real model back as it was",
  ignore: !tinyStoriesIsThere,
  async fn() {
    await withFolder(async (folder) => {
      const model = await loadModel(TINY_STORIES);
      assertEquals(model.name, "tinystories-656k");
      assert(model.config.tieEmbeddings);
      assert(!model.parameters.has("lm_head.weight"));
      const elements = [...model.parameters.values()].reduce((n, { data }) => n + data.length, 0);
      assertEquals(elements, 656_000);
      await saveModel(model, `${folder}/saved`, { maxShardBytes: 1_000_000 });
      const saved = await loadModel(`${folder}/saved`);
      assertSameWeights(saved, model.parameters);
      assertEquals(saved.fingerprint, model.fingerprint);
      const ask = () => saved.chat.render([{ role: "user", content: "Hi" }]);
      const error = await assertRejects(() => Promise.resolve().then(ask), UserError);
      assertStringIncludes(error.message, `tokenizer_config.json has no "chat_template"`);
      const plain = await loadModel(TINY_STORIES, { chatTemplate: PLAIN_TEMPLATE });
      assertEquals(plain.chat.render([{ role: "user", content: "Hi" }]), "Hi\n");
    });
  },
});
