import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { readSafetensors } from "../../lib/model/mod.ts";
import type { StepMetrics } from "../../lib/train/mod.ts";
import { readLines, worldLines, writeLines } from "./support/documents.ts";
import { exists, fail, inFolder, PAIRS, succeed, TRAINING } from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

Deno.test("train with --moments and --max-grad-norm learns what they say, and goes on from there", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(4));
    const model = ["--model", `${folder}/tiny`];
    const pairs = `${folder}/pairs.jsonl`;
    const documents = ["--documents", `${folder}/documents.jsonl`, "--out", pairs];
    await succeed("pairs", ...model, ...documents, ...PAIRS);
    const flags = (out: string, ...more: string[]) => [
      ...[...model, "--pairs", pairs, "--out", `${folder}/${out}`, "--learning-rate", "1e-2"],
      ...["--epochs", "2", "--batch-size", "2", "--save-steps", "1", ...TRAINING, ...more],
    ];
    const train = async (out: string, ...more: string[]) => {
      await succeed("train", ...flags(out, ...more));
      assertEquals(await exists(`${folder}/${out}/moments.bin`), false);
      const { tensors } = await readSafetensors(`${folder}/${out}/model/model.safetensors`);
      const metrics = await readLines<StepMetrics>(`${folder}/${out}/metrics.jsonl`);
      return { tensors, norms: metrics.map(({ grad_norm }) => grad_norm) };
    };

    const plain = await train("plain");
    const [first] = plain.norms;
    assertEquals(await train("disk", "--moments", "disk"), plain);

    // Clipped to ever other norms AdamW's first step would be the same; its second one is not.
    const clipped = await train("clipped", "--max-grad-norm", `${first / 1000}`);
    const unclipped = await train("unclipped", "--max-grad-norm", "0");
    assertEquals([clipped.norms[0], unclipped.norms[0]], [first, first]);
    assertNotEquals(clipped.norms, unclipped.norms);
    assertEquals(await train("loose", "--max-grad-norm", `${first * 1000}`), unclipped);

    const rounded = await train("8bit", "--moments", "8bit");
    assertNotEquals(rounded.tensors, plain.tensors);
    assertEquals(rounded.norms.length, plain.norms.length);
    const { tensors } = await readSafetensors(`${folder}/8bit/checkpoint.safetensors`);
    assert([...tensors.keys()].some((name) => name.startsWith("first_moment_codes/")));
    await Deno.remove(`${folder}/8bit/report.json`);
    await Deno.remove(`${folder}/8bit/model`, { recursive: true });
    assertEquals(await train("8bit", "--moments", "8bit"), rounded);

    await fail("train", flags("wrong", "--moments", "4bit"), ["float32, 8bit, disk"], 2);
    await fail("train", flags("wrong", "--max-grad-norm=-1"), ["0 or more"], 2);
    assertEquals(await exists(`${folder}/wrong`), false);
  });
});

Deno.test("train with --activations keeps them there, and goes on with them elsewhere", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(4));
    const model = ["--model", `${folder}/tiny`];
    const pairs = `${folder}/pairs.jsonl`;
    const documents = ["--documents", `${folder}/documents.jsonl`, "--out", pairs];
    await succeed("pairs", ...model, ...documents, ...PAIRS);
    const train = async (out: string, ...more: string[]) => {
      const flags = ["--pairs", pairs, "--out", `${folder}/${out}`, "--learning-rate", "1e-2"];
      await succeed("train", ...model, ...flags, "--save-steps", "1", ...TRAINING, ...more);
      assertEquals(await exists(`${folder}/${out}/activations.bin`), false);
      const { tensors } = await readSafetensors(`${folder}/${out}/model/model.safetensors`);
      return tensors;
    };
    const plain = await train("memory");
    assertEquals(await train("disk", "--activations", "disk"), plain);
    assertNotEquals(await train("disk16", "--activations", "disk16"), plain);

    // As if the run had been stopped before it wrote its model.
    await Deno.remove(`${folder}/memory/report.json`);
    assertEquals(await train("memory", "--activations", "disk", "--moments", "disk"), plain);
    await Deno.remove(`${folder}/memory/report.json`);
    const flags = ["--pairs", pairs, "--out", `${folder}/memory`, "--learning-rate", "1e-2"];
    const rounded = ["--save-steps", "1", ...TRAINING, "--activations", "disk16"];
    await fail("train", [...model, ...flags, ...rounded], ["a run that was told other things"]);
  });
});
