import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadAdapter, loadModel, mergeAdapter, readSafetensors } from "../../lib/model/mod.ts";
import type { StepMetrics } from "../../lib/train/mod.ts";
import { readLines, worldLines, writeLines } from "./support/documents.ts";
import { exists, fail, inFolder, PAIRS, succeed, TRAINING } from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

const LORA = ["--lora", "r=2,alpha=8,targets=q_proj+down_proj", "--learning-rate", "1e-2"];
const weightsOf = (folder: string) => Deno.readFile(`${folder}/model/model.safetensors`);

Deno.test("train with --lora writes an adapter and what it belongs to, or both in one model", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(4));
    const model = ["--model", `${folder}/tiny`];
    const pairs = `${folder}/pairs.jsonl`;
    const documents = ["--documents", `${folder}/documents.jsonl`, "--out", pairs];
    await succeed("pairs", ...model, ...documents, ...PAIRS);
    const flags = (out: string, ...more: string[]) => [
      ...[...model, "--pairs", pairs, "--out", `${folder}/${out}`, "--rope-theta", "50000"],
      ...["--epochs", "3", "--batch-size", "2", ...LORA, ...TRAINING, ...more],
    ];

    await succeed("train", ...flags("apart"));
    const tiny = await loadModel(`${folder}/tiny`);
    const base = await loadModel(`${folder}/apart/model`);
    assertEquals(base.parameters, tiny.parameters);
    assertEquals(base.config.ropeTheta, 50000);
    const adapter = await loadAdapter(`${folder}/apart/adapter`, base.config);
    assertEquals(adapter.lora, { rank: 2, alpha: 8, targets: ["q_proj", "down_proj"] });
    const card = await Deno.readTextFile(`${folder}/apart/adapter/README.md`);
    assertStringIncludes(card, "r=2,alpha=8,targets=q_proj+down_proj");
    assertStringIncludes(card, "the RoPE base 50000");
    const metrics = await readLines<StepMetrics>(`${folder}/apart/metrics.jsonl`);
    assert(metrics.at(-1)!.loss < metrics[0].loss);
    const { tensors } = await readSafetensors(`${folder}/apart/checkpoint.safetensors`);
    assertEquals([...tensors.keys()].filter((name) => !/lora_[AB]\.weight$/.test(name)), []);

    // Stopped and gone on with: the checkpoint is there, and what was written is not.
    await succeed("train", ...flags("merged", "--merge"));
    const merged = await weightsOf(`${folder}/merged`);
    await Deno.remove(`${folder}/merged/report.json`);
    await Deno.remove(`${folder}/merged/model`, { recursive: true });
    await succeed("train", ...flags("merged", "--merge"));
    assertEquals(await weightsOf(`${folder}/merged`), merged);
    assertEquals(
      (await loadModel(`${folder}/merged/model`)).parameters,
      mergeAdapter(tiny.parameters, adapter),
    );

    await fail("train", [...flags("wrong"), "--lora", "targets=qkv"], [
      "Cannot adapt qkv: the model has no such linear layer",
      "hint: Its linear layers are q_proj, k_proj",
    ]);
    await fail("train", [...flags("wrong"), "--lora", "r=2,dropout=0.1"], ["no dropout"], 2);
    assertEquals(await exists(`${folder}/wrong`), false);
    const plain = flags("wrong", "--merge").filter((flag) => !LORA.slice(0, 2).includes(flag));
    await fail("train", plain, ["Cannot use --merge without --lora"], 2);
  });
});

Deno.test("longpo with --lora merges each round's adapter, and keeps it", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(4));
    const inputs = ["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`];
    const run = `${folder}/run`;
    await succeed("longpo", ...inputs, "--out", run, "--rounds", "2", ...LORA, ...PAIRS);
    const tiny = await loadModel(`${folder}/tiny`);
    const first = await loadModel(`${run}/round-1/model`);
    const second = await loadModel(`${run}/model`);
    const of = (round: string) => loadAdapter(`${round}/adapter`, tiny.config);
    assertEquals(first.parameters, mergeAdapter(tiny.parameters, await of(`${run}/round-1`)));
    assertEquals(second.parameters, mergeAdapter(first.parameters, await of(run)));
    assert(first.fingerprint !== second.fingerprint);
    const told = JSON.parse(await Deno.readTextFile(`${run}/adapter/adapter_config.json`));
    assertEquals(told.base_model_name_or_path, `${run}/round-1/model`);
    const cards = ["model", "adapter"].map((of) => Deno.readTextFile(`${run}/${of}/README.md`));
    for (const card of await Promise.all(cards)) assertStringIncludes(card, "| before | ");
  });
});

Deno.test("evaluate --adapter scores the model with the adapter merged", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(4));
    const documents = ["--documents", `${folder}/documents.jsonl`];
    const run = ["--model", `${folder}/tiny`, ...documents, "--out", `${folder}/run`];
    await succeed("longpo", ...run, ...LORA, ...PAIRS);
    const tiny = ["--model", `${folder}/tiny`];
    const scored = async (name: string, ...flags: string[]) => {
      const out = `${folder}/${name}.json`;
      await succeed("evaluate", ...flags, ...documents, "--out", out, ...PAIRS);
      return JSON.parse(await Deno.readTextFile(out));
    };
    const apart = await scored("apart", ...tiny, "--adapter", `${folder}/run/adapter`);
    assertEquals(await scored("merged", "--model", `${folder}/run/model`), apart);
    assert((await scored("plain", ...tiny)).long.nll !== apart.long.nll);
    await fail("evaluate", [...tiny, "--adapter", `${folder}/tiny`], [
      "There is no file",
      "hint: Is this the folder of an adapter?",
    ]);
  });
});
