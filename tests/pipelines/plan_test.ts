import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { modelConfig } from "../../examples/world/model_config.ts";
import { worldLines, writeLines } from "./support/documents.ts";
import { fail, inFolder, PAIRS, succeed, TRAINING } from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

const SIZE = ["--long-tokens", "2000", "--turns", "2", "--max-tokens", "64"];

Deno.test("plan needs config.json alone, and keeps what it measures", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(modelConfig()));
    const rates = `${folder}/rates.json`;
    const flags = ["--model", folder, ...SIZE];
    const guessed = await succeed("plan", ...flags, "--threads", "1");
    assertStringIncludes(guessed.stderr, "The time is a guess");
    for (
      const part of ["gradients", "kept of layers", "workspace of ", "update", "GFLOP", "a step"]
    ) {
      assertStringIncludes(guessed.stdout, part);
    }
    const measured = await succeed("plan", ...flags, "--calibrate", "--rates", rates);
    assertEquals(measured.stderr, "");
    const kept = JSON.parse(await Deno.readTextFile(rates));
    assert(kept.operations > 0 && kept.attention > 0 && kept.head > 0 && kept.updates > 0);
    const read = await succeed("plan", ...flags, "--rates", rates);
    assertEquals(read.stdout, measured.stdout);
    await fail("plan", [...flags, "--rates", `${folder}/none.json`], [
      "There are no rates in",
      "hint: Have them measured: pipelines/plan.ts --calibrate --rates",
    ]);
  });
});

Deno.test("plan says what to change for a step that does not fit", async () => {
  await fail("plan", [...SIZE, "--long-tokens", "60000", "--memory", "0.5"], [
    "The step does not fit in 512 MiB",
    "hint: This makes it fit: --long-tokens ",
  ]);
  const answers = ["--turns", "8", "--max-tokens", "6000"];
  await fail("plan", [...SIZE, ...answers, "--memory", "0.5"], [
    "hint: One of these makes it fit: --turns ",
    ", --max-tokens ",
  ]);
  await fail("plan", [...SIZE, "--memory", "0.01"], [
    "hint: No shorter documents or answers make it fit: with this model alone it takes ",
    "Choose a smaller model",
  ]);
});

Deno.test("plan counts where numbers lie and what learns", async () => {
  const mib = async (what: string, ...flags: string[]) => {
    const { stdout } = await succeed("plan", ...SIZE, "--batch-size", "1", ...flags);
    return Number(new RegExp(`^${what} +([\\d,.]+)$`, "m").exec(stdout)![1].replaceAll(",", ""));
  };
  const plain = await mib("all");
  assert(await mib("all", "--moments", "8bit") < plain);
  assert(await mib("all", "--max-grad-norm", "0") < plain);
  assert(await mib("all", "--unscored") > plain);
  assert(await mib("what learns", "--dtype", "bfloat16") < await mib("what learns"));
  assert(await mib("gradients", "--lora", "r=2,alpha=4") < await mib("gradients"));
  const long = ["--long-tokens", "60000"];
  assert(
    await mib("kept of layers", ...long, "--activations", "disk") <
      await mib("kept of layers", ...long),
  );
});

Deno.test("plan for the embedded model, on a device too", async () => {
  const { stdout } = await succeed("plan", "--device", "cuda");
  assertStringIncludes(stdout, "to the device and back");
  assertStringIncludes(stdout, "on the device (not measured)");
});

Deno.test("train --profile writes a trace and tells where the time went", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(2));
    const model = ["--model", `${folder}/tiny`];
    const pairs = `${folder}/pairs.jsonl`;
    const documents = ["--documents", `${folder}/documents.jsonl`];
    await succeed("pairs", ...model, ...documents, "--out", pairs, ...PAIRS);
    const trace = `${folder}/trace.json`;
    const flags = [...model, "--pairs", pairs, "--out", `${folder}/run`, ...TRAINING];
    const profile = ["--profile", trace, "--profile-operators", "1"];
    const { stderr } = await succeed("train", ...flags, ...profile);
    const lines = ["layer/training_model.onnx", "outside of graphs", "between operators"];
    for (const line of [...lines, `${trace} written`]) assertStringIncludes(stderr, line);
    const { traceEvents } = JSON.parse(await Deno.readTextFile(trace));
    const names = new Set(traceEvents.map(({ name }: { name: string }) => name));
    for (const segment of ["embed", "layer", "head"]) {
      assert(names.has(`${segment}/training_model.onnx`), segment);
    }
    assert(names.has("optimizer_model.onnx") && names.has("Gemm"));
  });
});
