import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Random, UserError } from "../../lib/flow/mod.ts";
import { TokenSampler } from "../../lib/generate/mod.ts";
import {
  expectedParameters,
  type ModelConfig,
  packRow,
  type Parameters,
  parseConfig,
  randomParameters,
  readParameters,
  registerArchitecture,
  saveModel,
} from "../../lib/model/mod.ts";
import { extraNormLlama } from "../support/extra_norm_llama.ts";
import { learn } from "../support/learn.ts";
import { randomDocument } from "../support/random_document.ts";
import { WholeLogits } from "../support/whole_logits.ts";

registerArchitecture(extraNormLlama);

const EXTRA = "model.layers.1.self_attn.extra_norm.weight";

const RAW = {
  model_type: "extra_norm_llama",
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  initializer_range: 0.3,
};

function ownModel(): { config: ModelConfig; parameters: Parameters } {
  const config = parseConfig(RAW);
  return { config, parameters: randomParameters(config, 3) };
}

Deno.test("an architecture of one's own has its weights, and no other", () => {
  const own = [...expectedParameters(parseConfig(RAW))];
  const plain = expectedParameters(parseConfig({ ...RAW, model_type: "llama" }));
  const more = own.filter(([name]) => !plain.has(name));
  assertEquals(more, [[EXTRA.replace("1", "0"), [16]], [EXTRA, [16]]]);
  assertEquals(own.length, plain.size + 2);
});

Deno.test("an architecture of one's own learns as differences of its loss say", async () => {
  const model = ownModel();
  const random = new Random("own");
  const shape = { id: "own", vocabulary: 40, trunk: 20, answers: [[5, 4]] as const };
  const row = packRow([randomDocument(random, shape)]);
  const options = { lambda: 1, beta: 0.3, threads: 1 };
  const { gradients } = await learn(model, [row], 1, options);
  const { data } = model.parameters.get(EXTRA)!;
  for (const at of [0, 7]) {
    const loss = async (value: number) => {
      data[at] = value;
      return (await learn(model, [row], 1, options)).results[0].loss;
    };
    const step = 0.02;
    const slope = (await loss(1 + step) - await loss(1 - step)) / (2 * step);
    data[at] = 1;
    assertAlmostEquals(gradients.get(EXTRA)![at], slope, 0.02 * Math.abs(slope) + 1e-3);
  }
});

Deno.test("an architecture of one's own writes with a cache, is saved and read", async () => {
  const { config, parameters } = ownModel();
  await using sampler = await TokenSampler.open(config, parameters, { threads: 1 });
  await using whole = await WholeLogits.open(config, parameters);
  const prompt = [5, 9, 31, 2, 17];
  const [{ tokenIds }] = await sampler.generate([prompt], { maxTokens: 6 });
  assertEquals(tokenIds, await whole.continuation(prompt, 6));

  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(RAW));
    await saveModel({ folder, config, parameters }, `${folder}/saved`);
    assertEquals(await readParameters(`${folder}/saved`, config), parameters);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an architecture's place is taken once", () => {
  assertThrows(
    () => registerArchitecture(extraNormLlama),
    UserError,
    `an architecture for the model type "extra_norm_llama" already`,
  );
  const config = { ...parseConfig(RAW), architecture: "gone" };
  assertThrows(() => expectedParameters(config), UserError, `the model type "gone"`);
});
