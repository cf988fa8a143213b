import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import {
  loadAdapter,
  loadModel,
  mergeAdapter,
  readSafetensors,
  saveModel,
} from "../../lib/model/mod.ts";
import type { StepMetrics } from "../../lib/train/mod.ts";
import { readLines, worldLines, writeLines } from "./support/documents.ts";
import { exists, fail, inFolder, PAIRS, succeed, TRAINING } from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

const LORA = ["--lora", "r=2,alpha=8,targets=q_proj+down_proj"];

/** How tensors of a file are stored, each format once. */
async function storedIn(file: string, of = ""): Promise<string[]> {
  const { tensors } = await readSafetensors(file);
  const named = [...tensors].filter(([name]) => name.startsWith(of));
  return [...new Set(named.map(([, { dtype }]) => dtype))];
}

Deno.test("train with --dtype holds and writes the weights so, and goes on from there", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(4));
    const documents = ["--documents", `${folder}/documents.jsonl`];
    const pairs = async (model: string, out: string, ...more: string[]) => {
      const flags = ["--model", `${folder}/${model}`, "--out", `${folder}/${out}`, ...more];
      await succeed("pairs", ...flags, ...documents, ...PAIRS);
    };
    const flags = (model: string, out: string, ...more: string[]) => [
      ...["--model", `${folder}/${model}`, "--pairs", `${folder}/pairs.jsonl`],
      ...["--out", `${folder}/${out}`, "--learning-rate", "1e-3", "--batch-size", "2"],
      ...["--epochs", "2", "--save-steps", "1", ...TRAINING, ...more],
    ];
    const metricsOf = async (out: string) => {
      const rows = await readLines<StepMetrics>(`${folder}/${out}/metrics.jsonl`);
      return rows.map(({ seconds: _, ...others }) => others);
    };
    const weightsOf = (out: string) => Deno.readFile(`${folder}/${out}/model/model.safetensors`);
    const rounded = await loadModel(`${folder}/tiny`, { dtype: "bfloat16" });
    await saveModel(rounded, `${folder}/short`);

    // Pairs of the rounded model are those of the rounded weights, whoever rounds them.
    await pairs("short", "pairs.jsonl");
    await pairs("tiny", "same.jsonl", "--dtype", "bfloat16");
    const [here, there] = await Promise.all(
      ["pairs", "same"].map((name) =>
        readLines<{ referenceHash: string }>(`${folder}/${name}.jsonl`)
      ),
    );
    assertEquals(
      here.map(({ referenceHash }) => referenceHash),
      there.map(({ referenceHash }) => referenceHash),
    );
    await fail("train", flags("tiny", "refused"), ["has reference log-probs of another model"]);

    const half = ["--dtype", "bfloat16"];
    await succeed("train", ...flags("short", "whole"));
    await succeed("train", ...flags("short", "half", ...half));
    const [first, plain] = [await metricsOf("half"), await metricsOf("whole")];
    assertEquals(first[0], plain[0]);
    assertNotEquals(first, plain);
    assertEquals(await storedIn(`${folder}/whole/model/model.safetensors`), ["F32"]);
    assertEquals(await storedIn(`${folder}/half/model/model.safetensors`), ["BF16"]);
    const checkpoint = `${folder}/half/checkpoint.safetensors`;
    assertEquals(await storedIn(checkpoint, "parameter/"), ["BF16"]);
    assertEquals(await storedIn(checkpoint, "first_moment/"), ["F32"]);
    const model = await loadModel(`${folder}/half/model`);
    assertEquals(model.config.raw.torch_dtype, "bfloat16");
    assertStringIncludes(
      await Deno.readTextFile(`${folder}/half/model/README.md`),
      "| dtype | bfloat16 |",
    );

    // Weights that are rounded as they are read learn the same.
    await succeed("train", ...flags("tiny", "read", ...half));
    assertEquals(await metricsOf("read"), first);
    assertEquals(await weightsOf("read"), await weightsOf("half"));

    // Stopped and gone on with: the checkpoint is there, and what was written is not.
    await Deno.remove(`${folder}/read/report.json`);
    await Deno.remove(`${folder}/read/model`, { recursive: true });
    await fail("train", flags("tiny", "read"), ["a run that was told other things"]);
    await succeed("train", ...flags("tiny", "read", ...half));
    assertEquals(await weightsOf("read"), await weightsOf("half"));

    await fail("train", flags("tiny", "wrong", "--dtype", "int8"), [
      "float32, bfloat16, float16",
    ], 2);
    assertEquals(await exists(`${folder}/wrong`), false);

    // Adapters learn what they learn of the same numbers in float32.
    await succeed("train", ...flags("short", "lora32", ...LORA));
    await succeed("train", ...flags("short", "lora16", ...LORA, ...half));
    assertEquals(await metricsOf("lora16"), await metricsOf("lora32"));
    const adapters = await Promise.all(
      ["lora16", "lora32"].map((out) => loadAdapter(`${folder}/${out}/adapter`, rounded.config)),
    );
    assertEquals(adapters[0], adapters[1]);
    assertEquals(await storedIn(`${folder}/lora16/adapter/adapter_model.safetensors`), ["F32"]);
    const base = await loadModel(`${folder}/lora16/model`, { dtype: "bfloat16" });
    assertEquals(base.parameters, rounded.parameters);
    assertEquals(await storedIn(`${folder}/lora16/model/model.safetensors`), ["BF16"]);
  });
});

Deno.test("longpo with --dtype goes from round to round in 16 bits", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(4));
    const inputs = ["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`];
    const run = `${folder}/run`;
    const flags = ["--dtype", "float16", "--rounds", "2", "--learning-rate", "1e-2", ...LORA];
    await succeed("longpo", ...inputs, "--out", run, ...flags, ...PAIRS);
    const dtype = "float16";
    const tiny = await loadModel(`${folder}/tiny`, { dtype });
    const first = await loadModel(`${run}/round-1/model`, { dtype });
    const second = await loadModel(`${run}/model`, { dtype });
    const of = (round: string) => loadAdapter(`${round}/adapter`, tiny.config);
    assertEquals(first.parameters, mergeAdapter(tiny.parameters, await of(`${run}/round-1`)));
    assertEquals(second.parameters, mergeAdapter(first.parameters, await of(run)));
    assert(first.fingerprint !== second.fingerprint);
    assertEquals(await storedIn(`${run}/model/model.safetensors`), ["F16"]);
    assertStringIncludes(await Deno.readTextFile(`${run}/model/README.md`), "| dtype | float16 |");
  });
});
