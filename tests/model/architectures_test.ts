import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  expectedParameters,
  fingerprint,
  type ModelConfig,
  parseConfig,
  randomParameters,
  readParameters,
  ropeGrows,
  saveModel,
} from "../../lib/model/mod.ts";
import { architectureCases, loadArchitecture } from "../support/golden_architectures.ts";
import { relativeError } from "../support/golden_cases.ts";
import { WholeLogits } from "../support/whole_logits.ts";

/** Tokens that are computed anew to hold a cache against. */
const UNCACHED = 12;

for (const name of architectureCases) {
  Deno.test(`logits of ${name} are those of transformers`, async () => {
    const { config, parameters, ids, logits, ...golden } = await loadArchitecture(name);
    await using whole = await WholeLogits.open(config, parameters);
    const all = await whole.of(ids);
    const { vocabSize } = config;
    const every = logits.shape[0];
    const found = Array.from(
      { length: every },
      (_, at) => all.subarray((2 * at + 1) * vocabSize, (2 * at + 2) * vocabSize),
    );
    const error = relativeError(found.flatMap((part) => [...part]), logits.data);
    assertLess(error, 1e-5);

    // A rotary embedding that grows leaves cached keys as they were turned when they were new.
    if (ropeGrows(config)) return;
    const prompt = ids.slice(0, golden.prompt);
    const expected = golden.continuation.slice(0, UNCACHED);
    assertEquals(await whole.continuation(prompt, UNCACHED), expected);
  });

  Deno.test(`${name} is saved as it was loaded`, async () => {
    const { folder, config, parameters } = await loadArchitecture(name);
    const out = await Deno.makeTempDir();
    try {
      await saveModel({ folder, config, parameters }, `${out}/saved`);
      const raw = JSON.parse(await Deno.readTextFile(`${out}/saved/config.json`));
      assertEquals(raw, config.raw);
      const saved = parseConfig(raw);
      assertEquals(saved, config);
      assertEquals(await readParameters(`${out}/saved`, saved), parameters);
    } finally {
      await Deno.remove(out, { recursive: true });
    }
  });
}

/** What a model's config.json says once it is saved with another rotary base and length. */
async function resaved(name: string, change: (raw: Record<string, unknown>) => void = () => {}) {
  const { folder, parameters } = await loadArchitecture(name);
  const raw = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
  change(raw);
  const config = parseConfig(raw);
  const out = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${out}/config.json`, JSON.stringify(raw, null, 2));
    const options = { ropeTheta: 5e6, maxPositions: 4096 };
    await saveModel({ folder: out, config, parameters }, `${out}/saved`, options);
    return {
      before: config,
      after: parseConfig(JSON.parse(await Deno.readTextFile(`${out}/saved/config.json`))),
    };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

Deno.test("a longer context leaves the wavelengths as they were trained", async () => {
  for (const name of architectureCases) {
    const { before, after } = await resaved(name);
    assertEquals(after.ropeTheta, 5e6);
    assertEquals(after.ropeScaling, before.ropeScaling, name);
    assertEquals(after.layerKinds, before.layerKinds, name);
    assertEquals(after.maxPositions, name === "rope_dynamic" ? 48 : 4096);
  }
  const { before, after } = await resaved("rope_yarn", ({ rope_scaling: scaling }) => {
    delete (scaling as Record<string, unknown>).original_max_position_embeddings;
  });
  assertEquals(before.ropeScaling!.parameters.trainedLength, 128);
  assertEquals(after.ropeScaling, before.ropeScaling);
  assertEquals(after.maxPositions, 4096);
});

Deno.test("another rotary base is the base of Gemma's layers that see everything", async () => {
  const { before, after } = await resaved("gemma3", (raw) => {
    raw.rope_parameters = {
      sliding_attention: { rope_type: "default", rope_theta: 20000.0 },
      full_attention: { rope_type: "default", rope_theta: raw.rope_theta },
    };
    delete raw.rope_theta;
    delete raw.rope_local_base_freq;
  });
  assertEquals(before.layerKinds![0].ropeTheta, 20000);
  assertEquals(after.layerKinds, before.layerKinds);
  assertEquals(after.ropeTheta, 5e6);
});

Deno.test("configs that transformers 5 wrote are read as those that older ones wrote", async () => {
  for (const name of architectureCases) {
    const { folder, config: { raw: _, ...config } } = await loadArchitecture(name);
    const { raw: __, ...found } = parseConfig(
      JSON.parse(await Deno.readTextFile(`${folder}/config.5.json`)),
      {},
      name,
    );
    assertEquals(found, config);
  }
});

async function configOf(name: string): Promise<ModelConfig> {
  return (await loadArchitecture(name)).config;
}

Deno.test("layers of kinds of their own have graphs and names of their own", async () => {
  const names = async (name: string) => (await configOf(name)).layerKinds?.map((kind) => kind.name);
  assertEquals(await names("llama"), undefined);
  assertEquals(await names("mistral_no_window"), undefined);
  assertEquals(await names("mistral"), ["layer_sliding", "layer_sliding"]);
  assertEquals(await names("qwen2"), undefined);
  assertEquals(await names("qwen2_sliding"), ["layer", "layer_sliding"]);
  assertEquals(await names("smollm3"), ["layer", "layer_unturned", "layer", "layer_unturned"]);
  assertEquals(await names("smollm3_sliding"), ["layer", "layer", "layer_unturned_sliding"]);
  assertEquals(await names("gemma3"), ["layer_sliding", "layer", "layer_sliding"]);
});

Deno.test("Mistral has transformers' window where its config is silent", () => {
  const { raw } = parseConfig(MISTRAL);
  assertEquals(parseConfig(raw).layerKinds?.[0].window, 4096);
  assertEquals(parseConfig({ ...MISTRAL, sliding_window: null }).layerKinds, undefined);
});

const MISTRAL = {
  model_type: "mistral",
  vocab_size: 16,
  hidden_size: 8,
  intermediate_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
};

Deno.test("Gemma's rotary bases are read as both versions of transformers write them", async () => {
  const config = await configOf("gemma3");
  const { rope_theta: full, rope_local_base_freq: local, ...raw } = config.raw;
  const rope_parameters = {
    full_attention: { rope_type: "linear", factor: 8, rope_theta: full },
    sliding_attention: { rope_type: "default", rope_theta: local },
  };
  const { ropeScaling, ...nested } = parseConfig({ ...raw, rope_parameters });
  assertEquals(ropeScaling, { type: "linear", parameters: { factor: 8 } });
  assertEquals({ ...nested, raw: config.raw }, config);
  for (const key of ["attn_logit_softcapping", "final_logit_softcapping"]) {
    assertThrows(() => parseConfig({ ...raw, [key]: 30 }), UserError, `"${key}" is 30`);
  }
});

Deno.test("before anything is learnt biases add nothing and norms scale nothing", async () => {
  const first = async (name: string, weight: string) => {
    const parameters = randomParameters(await configOf(name), 1);
    return new Set(parameters.get(`model.layers.0.${weight}`)!.data);
  };
  assertEquals(await first("qwen2", "self_attn.k_proj.bias"), new Set([0]));
  assertEquals(await first("qwen3", "self_attn.k_norm.weight"), new Set([1]));
  assertEquals(await first("gemma3", "input_layernorm.weight"), new Set([0]));
});

Deno.test("a fingerprint changes with window, scaling and layers without positions", async () => {
  const fingerprints = new Set<string>();
  const { config, parameters } = await loadArchitecture("smollm3");
  const [window, type] = [7, "linear"];
  for (
    const changed of [
      config,
      { ...config, layerKinds: undefined },
      { ...config, layerKinds: config.layerKinds!.map((kind) => ({ ...kind, window })) },
      { ...config, ropeScaling: { type, parameters: { factor: 2 } } },
      { ...config, ropeScaling: { type, parameters: { factor: 3 } } },
      { ...config, attentionScale: 1 },
    ]
  ) fingerprints.add(fingerprint(changed, parameters));
  assertEquals(fingerprints.size, 6);
});

Deno.test("the weights of every architecture are those that transformers writes", async () => {
  for (const name of architectureCases) {
    const { config, parameters } = await loadArchitecture(name);
    assertEquals([...expectedParameters(config).keys()], [...parameters.keys()]);
    assert(parameters.size > 10);
  }
});
