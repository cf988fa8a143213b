import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  graphsOf,
  type HalfDtype,
  halfFormats,
  loadModel,
  mergeAdapter,
  parseConfig,
  randomAdapter,
  randomParameters,
  readSafetensors,
  readWeights,
  saveModel,
  type Weights,
  widened,
  WideRoom,
  writeParameters,
  writeSafetensors,
} from "../../lib/model/mod.ts";
import { writeTinyModel } from "../pipelines/support/tiny_model.ts";
import { halfModel } from "../support/half_model.ts";

const DTYPES = Object.keys(halfFormats) as HalfDtype[];
const GGUF = new URL("../golden/gguf/tiny.gguf", import.meta.url).pathname;

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const bytesOf = (weights: Weights) =>
  [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);

for (const dtype of DTYPES) {
  Deno.test(`a model that is loaded in ${dtype} and saved is, byte for byte, the one that was there`, async () => {
    await withFolder(async (folder) => {
      await writeTinyModel(`${folder}/tiny`);
      const whole = await loadModel(`${folder}/tiny`);
      const rounded = await loadModel(`${folder}/tiny`, { dtype });
      assertEquals(2 * bytesOf(rounded.parameters), bytesOf(whole.parameters));
      assertNotEquals(rounded.fingerprint, whole.fingerprint);

      await saveModel(rounded, `${folder}/first`);
      const again = await loadModel(`${folder}/first`, { dtype });
      assertEquals(again.parameters, rounded.parameters);
      await saveModel(again, `${folder}/second`);
      const files = ["model.safetensors", "config.json"];
      for (const file of files) {
        const [first, second] = await Promise.all(
          ["first", "second"].map((name) => Deno.readFile(`${folder}/${name}/${file}`)),
        );
        assertEquals(second, first, file);
      }
      const { tensors } = await readSafetensors(`${folder}/first/model.safetensors`);
      const stored = new Set([...tensors.values()].map(({ dtype }) => dtype));
      assertEquals([...stored], [halfFormats[dtype].stored]);
      assertEquals(again.config.raw.torch_dtype, dtype);

      // Read as float32 they are the same numbers, and the same model to records.
      const plain = await loadModel(`${folder}/first`);
      assertEquals(plain.parameters, widened(rounded.parameters));
      assertEquals(plain.fingerprint, rounded.fingerprint);
      await saveModel(rounded, `${folder}/wide`, { dtype: "F32" });
      assertEquals((await loadModel(`${folder}/wide`)).parameters, plain.parameters);
    });
  });

  Deno.test(`a GGUF file's weights are rounded to ${dtype}`, async () => {
    const [half, whole] = [await loadModel(GGUF, { dtype }), await loadModel(GGUF)];
    assertEquals(2 * bytesOf(half.parameters), bytesOf(whole.parameters));
    for (const [name, { data }] of widened(half.parameters)) {
      const exact = whole.parameters.get(name)!.data;
      data.forEach((number, at) => {
        assert(Math.abs(number - exact[at]) <= 2 ** -8 * Math.abs(exact[at]) + 2 ** -24, name);
      });
    }
  });
}

Deno.test("a number that is too large for float16 is refused, and its weight named", async () => {
  await withFolder(async (folder) => {
    const { config, parameters } = halfModel("bfloat16");
    const name = "model.layers.1.mlp.up_proj.weight";
    parameters.get(name)!.data[5] = 70_000;
    await writeParameters(parameters, folder);
    const error = await assertRejects(
      () => readWeights(folder, config, { dtype: "float16" }),
      UserError,
    );
    assertEquals(error.message, `"${name}" holds 70000, which is too large for float16`);
    assertEquals(error.hint, "float16 ends at 65,504: hold the weights in bfloat16 or float32");
    await readWeights(folder, config, { dtype: "bfloat16" });
  });
});

Deno.test("weights that are broken are refused in 16 bits as in float32", async () => {
  await withFolder(async (folder) => {
    const { config, weights, parameters } = halfModel("bfloat16");
    const name = "model.norm.weight";
    weights.get(name)!.data[3] = 0xff80;
    parameters.get(name)!.data[3] = -Infinity;
    for (const stored of [weights, parameters]) {
      await writeParameters(stored, folder);
      for (const dtype of ["float32", ...DTYPES] as const) {
        await assertRejects(
          () => readWeights(folder, config, { dtype }),
          UserError,
          `"${name}" holds -Infinity at element 3`,
        );
      }
    }
  });
});

Deno.test("a matrix of more than one piece is rounded as it is at once", async () => {
  await withFolder(async (folder) => {
    const config = parseConfig({
      model_type: "llama",
      vocab_size: 5000,
      hidden_size: 64,
      intermediate_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      tie_word_embeddings: true,
    });
    const parameters = randomParameters(config, 1);
    for (const dtype of DTYPES) {
      await writeParameters(parameters, folder);
      const rounded = await readWeights(folder, config, { dtype });
      await writeParameters(parameters, folder, { dtype: halfFormats[dtype].stored });
      assertEquals(await readWeights(folder, config, { dtype }), rounded);
    }
  });
});

Deno.test("a tied head that is stored beside the embedding is compared in 16 bits too", async () => {
  await withFolder(async (folder) => {
    const { config, weights } = halfModel("bfloat16", { tied: true });
    const write = async (head: Uint16Array) => {
      const tensors = [...weights].map(([name, { shape, data }]) =>
        [name, { dtype: "BF16" as const, shape, data }] as const
      );
      const { shape } = weights.get("model.embed_tokens.weight")!;
      const all = [...tensors, ["lm_head.weight", { dtype: "BF16" as const, shape, data: head }]];
      await writeSafetensors(`${folder}/model.safetensors`, new Map(all as typeof tensors));
    };
    const embedding = weights.get("model.embed_tokens.weight")!.data as Uint16Array;
    await write(embedding);
    assertEquals(await readWeights(folder, config, { dtype: "bfloat16" }), weights);
    await write(embedding.with(1, embedding[1] ^ 1));
    await assertRejects(
      () => readWeights(folder, config, { dtype: "bfloat16" }),
      UserError,
      "ties head and embedding",
    );
  });
});

Deno.test("an adapter that is merged into 16 bits is rounded once, and changes no other weight", () => {
  const { config, weights, parameters } = halfModel("bfloat16");
  const adapter = randomAdapter(config, { rank: 2, alpha: 400, targets: ["q_proj"] }, 1);
  for (const { name, data } of adapter.parameters.values()) {
    if (name.includes("lora_B")) data.fill(0.01);
  }
  const [half, whole] = [mergeAdapter(weights, adapter), mergeAdapter(parameters, adapter)];
  for (const [name, { data, dtype }] of half) {
    assertEquals(dtype, "bfloat16");
    const expected = new Uint16Array(data.length);
    halfFormats.bfloat16.narrow(whole.get(name)!.data, expected);
    assertEquals(data, expected, name);
    assertEquals(data === weights.get(name)!.data, !name.includes("q_proj"));
  }
});

Deno.test("WideRoom holds the largest segment as float32, and no more", () => {
  const { config, weights, parameters } = halfModel("bfloat16", { layers: 12 });
  const { parameterNames: names } = graphsOf(config);
  const layers = Array.from(
    { length: config.layerCount },
    (_, layer) => names.layer(config, layer),
  );
  const room = new WideRoom();
  for (const segment of [names.embed(config), ...layers, names.head(config)]) {
    const own = Object.values(segment);
    const numbers = room.widen(own.map((name) => weights.get(name)!));
    assertEquals(numbers, own.map((name) => parameters.get(name)!.data));
  }
  assert(room.bytes < bytesOf(parameters) / 8, `${room.bytes} of ${bytesOf(parameters)}`);

  const none = new WideRoom();
  const [norm] = none.widen([parameters.get("model.norm.weight")!]);
  assert(norm === parameters.get("model.norm.weight")!.data);
  assertEquals(none.bytes, 0);
});
