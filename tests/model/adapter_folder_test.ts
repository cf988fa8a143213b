import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { Random } from "../../lib/flow/random.ts";
import {
  checkLora,
  loadAdapter,
  loraTargets,
  mergeAdapter,
  packRow,
  randomAdapter,
  readSafetensors,
  saveAdapter,
} from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { Learner } from "../../lib/train/mod.ts";
import { loadCase, relativeError } from "../support/golden_cases.ts";
import { goldenModel } from "../support/golden_model.ts";
import { readFloat32Tensors } from "../support/read_float32_tensors.ts";
import { rowLogits } from "../support/row_logits.ts";
import { smallModel } from "../support/small_model.ts";

const LORA = new URL("../golden/lora/", import.meta.url);
const recorded: { base: string; ids: number[]; beta: number; lambda: number; loss: number } = JSON
  .parse(await Deno.readTextFile(new URL("case.json", LORA)));
const golden = await loadCase(recorded.base);
const model = goldenModel(golden);
const peftFolder = new URL("adapter", LORA).pathname;

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function largestDifference(actual: Float32Array, expected: Float32Array): number {
  assertEquals(actual.length, expected.length);
  return actual.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at])), 0);
}

Deno.test("an adapter that PEFT wrote gives PEFT's logits, beside the weights and merged", async () => {
  const adapter = await loadAdapter(peftFolder, model.config);
  assertEquals(adapter.lora, {
    rank: 3,
    alpha: 12,
    targets: ["q_proj", "v_proj", "o_proj", "down_proj"],
  });
  const { data } = (await readFloat32Tensors(new URL("logits.safetensors", LORA))).get("logits")!;
  const apart = await rowLogits(model, recorded.ids, adapter);
  const parameters = mergeAdapter(model.parameters, adapter);
  const merged = await rowLogits({ ...model, parameters }, recorded.ids);
  const plain = await rowLogits(model, recorded.ids);
  assert(largestDifference(apart, data) <= 1e-5);
  assert(largestDifference(merged, data) <= 1e-5);
  assert(largestDifference(plain, data) > 0.1);
});

Deno.test("loss and gradients of adapters are PEFT's", async () => {
  const adapter = await loadAdapter(peftFolder, model.config);
  const { beta, lambda } = recorded;
  const options = { objective: longpo, beta, lambda, adapter };
  await using learner = await Learner.open(model.config, model.parameters, options);
  const { documents } = golden;
  const { loss } = await learner.accumulate(packRow(documents), 1 / documents.length);
  assert(relativeError([loss], [recorded.loss]) <= 3e-5);
  const gradients = await readFloat32Tensors(new URL("gradients.safetensors", LORA));
  assertEquals([...learner.gradients.keys()].sort(), [...gradients.keys()].sort());
  for (const [name, { data }] of gradients) {
    const error = relativeError(learner.gradients.get(name)!, data);
    assert(error <= 3e-5, `${name}: relative error ${error}`);
  }
});

Deno.test("saveAdapter writes PEFT's names and numbers, and loadAdapter gives them back", async () => {
  const { config } = smallModel();
  await inFolder(async (folder) => {
    for (const targets of [undefined, ["v_proj", "q_proj"]]) {
      const adapter = randomAdapter(config, { rank: 2, alpha: 0.5, targets }, 3);
      const options = { base: "models/small", card: "# small\n", overwrite: true };
      await saveAdapter(adapter, `${folder}/adapter/`, options);
      const again = await loadAdapter(`${folder}/adapter`, config);
      assertEquals(again.parameters, adapter.parameters);
      assertEquals([again.lora.rank, again.lora.alpha], [2, 0.5]);
      const names = await Array.fromAsync(Deno.readDir(`${folder}/adapter`), ({ name }) => name);
      assertEquals(names.sort(), ["README.md", "adapter_config.json", "adapter_model.safetensors"]);
    }
    const { tensors } = await readSafetensors(`${folder}/adapter/adapter_model.safetensors`);
    const stem = "base_model.model.model.layers";
    assertEquals(
      [...tensors.keys()].sort(),
      [0, 1].flatMap((layer) =>
        ["q", "v"].flatMap((part) =>
          ["A", "B"].map((m) => `${stem}.${layer}.self_attn.${part}_proj.lora_${m}.weight`)
        )
      ),
    );
    const told = JSON.parse(await Deno.readTextFile(`${folder}/adapter/adapter_config.json`));
    assertEquals(
      [told.peft_type, told.r, told.lora_alpha, told.target_modules, told.base_model_name_or_path],
      ["LORA", 2, 0.5, ["q_proj", "v_proj"], "models/small"],
    );
    const again = saveAdapter(
      randomAdapter(config, { rank: 1, alpha: 1 }, 1),
      `${folder}/adapter`,
      {
        base: "x",
      },
    );
    await assertRejects(() => again, UserError, "exists already");
  });
});

Deno.test("loadAdapter refuses what is no plain adapter of the model", async () => {
  const { config } = smallModel();
  await inFolder(async (folder) => {
    await saveAdapter(randomAdapter(config, { rank: 2, alpha: 4 }, 3), folder, {
      base: "x",
      overwrite: true,
    });
    const path = `${folder}/adapter_config.json`;
    const plain = JSON.parse(await Deno.readTextFile(path));
    const refuse = async (change: Record<string, unknown>, says: string, of = config) => {
      await Deno.writeTextFile(path, JSON.stringify({ ...plain, ...change }));
      await assertRejects(() => loadAdapter(folder, of), UserError, says);
    };
    await refuse({ use_dora: true }, `"use_dora" is true`);
    await refuse({ use_rslora: true }, `"use_rslora" is true`);
    await refuse({ peft_type: "IA3" }, `"peft_type" is "IA3"`);
    await refuse({ peft_type: undefined }, `"peft_type" is undefined`);
    await refuse({ init_lora_weights: "pissa" }, `"init_lora_weights" is "pissa"`);
    await refuse({ modules_to_save: ["lm_head"] }, `"modules_to_save" is ["lm_head"]`);
    await refuse({ rank_pattern: { q_proj: 4 } }, `"rank_pattern" is {"q_proj":4}`);
    await refuse({ r: 0 }, `"r" is 0, expected a positive number`);
    await refuse({ r: 3 }, "is [2,16], but the model makes it [3,16]");
    await refuse(
      {},
      'layers.2.self_attn.q_proj.lora_A.weight" is missing',
      smallModel({ layers: 3 }).config,
    );
    await refuse({}, "is no adapter of this model", smallModel({ layers: 1 }).config);
    await Deno.remove(path);
    await assertRejects(() => loadAdapter(folder, config), UserError, "There is no file");
  });
});

Deno.test("checkLora names the linear layers that there are", () => {
  const { config } = smallModel();
  const all = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
  assertEquals(loraTargets(config), all);
  const error = assertThrows(
    () => checkLora(config, { rank: 1, alpha: 1, targets: ["q_proj", "qkv_proj"] }),
    UserError,
    "Cannot adapt qkv_proj",
  );
  assertEquals((error as UserError).hint, `Its linear layers are ${all.join(", ")}`);
});

Deno.test("randomAdapter follows the seed and PEFT's rule", () => {
  const { config } = smallModel();
  const lora = { rank: 4, alpha: 8 };
  const adapter = randomAdapter(config, lora, 1);
  assertEquals(adapter, randomAdapter(config, lora, 1));
  const name = "model.layers.1.mlp.down_proj.lora_A.weight";
  assertEquals(
    randomAdapter(config, { ...lora, targets: ["down_proj"] }, 1).parameters.get(name),
    adapter.parameters.get(name),
  );
  assert(
    randomAdapter(config, lora, 2).parameters.get(name)!.data[0] !==
      adapter.parameters.get(name)!.data[0],
  );
  for (const { name, shape, data } of adapter.parameters.values()) {
    if (name.includes("lora_B")) assert(data.every((x) => x === 0));
    else {
      const bound = 1 / Math.sqrt(shape[1]);
      const most = data.reduce((sofar, x) => Math.max(sofar, Math.abs(x)), 0);
      assert(most <= bound && most > 0.8 * bound, `${most} of ${bound}`);
      const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
      assert(Math.abs(mean) < 0.4 * bound);
    }
  }
});

Deno.test("mergeAdapter refuses another model's adapter, and shares what is not adapted", () => {
  const { config, parameters } = smallModel();
  const deeper = randomAdapter(smallModel({ layers: 3 }).config, { rank: 1, alpha: 1 }, 1);
  assertThrows(
    () => mergeAdapter(parameters, deeper),
    UserError,
    "The adapter has 42 matrices, and 28 of them fit the model",
  );
  const random = new Random(1);
  const adapter = randomAdapter(config, { rank: 1, alpha: 1, targets: ["k_proj"] }, 1);
  for (const { data } of adapter.parameters.values()) {
    data.forEach((_, i) => data[i] = random.next());
  }
  const merged = mergeAdapter(parameters, adapter);
  const changed = [...merged].filter(([name, of]) => of !== parameters.get(name));
  assertEquals(
    changed.map(([name]) => name),
    [0, 1].map((n) => `model.layers.${n}.self_attn.k_proj.weight`),
  );
  assertEquals(parameters, smallModel().parameters);
});
