import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertStringIncludes,
} from "@std/assert";
import type { PairRecord } from "../../lib/data/mod.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { findDevice, loadModel } from "../../lib/model/mod.ts";
import type { StepMetrics } from "../../lib/train/mod.ts";
import { readLines, worldLines, writeLines } from "./support/documents.ts";
import {
  assertPlain,
  exists,
  fail,
  filesOf,
  inFolder,
  PAIRS,
  succeed,
  TRAINING,
} from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

/** A folder with a model and with pairs that it made. */
async function withPairs(use: (folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(4));
    await succeed("pairs", ...[
      ...["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`],
      ...["--out", `${folder}/pairs.jsonl`, ...PAIRS],
    ]);
    await use(folder);
  });
}

/** The flags of a short training run. */
function training(folder: string, out: string, ...flags: string[]): string[] {
  return [
    ...[
      "--model",
      `${folder}/tiny`,
      "--pairs",
      `${folder}/pairs.jsonl`,
      "--out",
      `${folder}/${out}`,
    ],
    ...["--batch-size", "2", "--learning-rate", "1e-3", ...TRAINING, ...flags],
  ];
}

async function metricsOf(folder: string): Promise<Omit<StepMetrics, "seconds">[]> {
  const rows = await readLines<StepMetrics>(`${folder}/metrics.jsonl`);
  return rows.map(({ seconds: _, ...others }) => others);
}

const bytes = (path: string) => Deno.readFile(path);

Deno.test("train says which pairs it cannot read, and makes no folder", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await fail("train", training(folder, "run"), [
      `Cannot read ${folder}/pairs.jsonl: there is no such file`,
    ]);
    await Deno.writeTextFile(`${folder}/pairs.jsonl`, "");
    await fail("train", training(folder, "run"), [`There is no pair in ${folder}/pairs.jsonl`]);
    await writeLines(`${folder}/pairs.jsonl`, [{ id: "a", long: "b", turns: [{ short: "c" }] }]);
    await fail("train", training(folder, "run"), [
      `Skipped ${folder}/pairs.jsonl:1: turns[0].question must be a string`,
      "There is no pair in",
    ]);
    assertEquals(await exists(`${folder}/run`), false);
  });
});

Deno.test("train refuses pairs that another model made, and leaves the folder free", async () => {
  await withPairs(async (folder) => {
    await writeTinyModel(`${folder}/other`, { seed: 2 });
    const flags = training(folder, "run");
    await fail("train", flags.with(1, `${folder}/other`), [
      "Record doc-",
      "has reference log-probs of another model",
      "hint: Train the model that they were computed with",
    ]);
    assertEquals(await exists(`${folder}/run/model`), false);
    await succeed("train", ...flags);
  });
});

Deno.test("train refuses a finished folder, and replaces it where it may", async () => {
  await withPairs(async (folder) => {
    const flags = training(folder, "run", "--steps", "1");
    await succeed("train", ...flags);
    const before = await bytes(`${folder}/run/metrics.jsonl`);
    await fail("train", flags, [
      `${folder}/run holds a finished run`,
      "hint: Choose another --out",
    ]);
    assertEquals(await bytes(`${folder}/run/metrics.jsonl`), before);
    await succeed("train", ...flags, "--steps", "2", "--overwrite");
    assertEquals((await metricsOf(`${folder}/run`)).length, 2);
  });
});

Deno.test("train with each objective lowers the loss of what it sees again and again", async () => {
  await withPairs(async (folder) => {
    for (const objective of ["longpo", "dpo", "sft"]) {
      const out = `${folder}/${objective}`;
      const flags = ["--objective", objective, "--epochs", "4", "--learning-rate", "1e-2"];
      await succeed("train", ...training(folder, objective, ...flags));
      const metrics = await metricsOf(out);
      const means = [metrics.slice(0, 2), metrics.slice(-2)].map((rows) =>
        rows.reduce((sum, { loss }) => sum + loss, 0) / rows.length
      );
      assertEquals(metrics.map(({ step }) => step), [1, 2, 3, 4, 5, 6, 7, 8]);
      assert(means[1] < means[0], `${objective}: ${means}`);
      assertEquals("rewards/margins" in metrics[0], objective !== "sft");
      await loadModel(`${out}/model`);
    }
  });
});

Deno.test("train says of its result what it was trained on, whatever rows documents share", async () => {
  await withPairs(async (folder) => {
    await writeTinyModel(`${folder}/tiny`, { maxPositions: 64 });
    await succeed("train", ...training(folder, "shared"));
    await succeed("train", ...training(folder, "apart", "--row-tokens", "1"));
    const [shared, apart] = await Promise.all(
      ["shared", "apart"].map((out) => metricsOf(`${folder}/${out}`)),
    );
    const longest = Math.max(...shared.map(({ longest_sequence }) => longest_sequence));
    assertLess(64, longest);
    for (const [at, { loss, longest_sequence, num_tokens }] of shared.entries()) {
      assertAlmostEquals(apart[at].loss, loss, 1e-5);
      assertEquals(
        [apart[at].longest_sequence, apart[at].num_tokens],
        [longest_sequence, num_tokens],
      );
    }
    assertEquals((await loadModel(`${folder}/shared/model`)).config.maxPositions, longest);
    const card = await Deno.readTextFile(`${folder}/apart/model/README.md`);
    assertStringIncludes(card, "| rowTokens | 1 |");
    for (const ofPairs of ["shortTokens", "turns", "temperature", "filters"]) {
      assertEquals(card.includes(`| ${ofPairs} |`), false, ofPairs);
    }
  });
});

Deno.test("train fills in reference log-probs that pairs lack, with the same result", async () => {
  await withPairs(async (folder) => {
    await succeed("train", ...training(folder, "filled"));
    const pairs = await readLines<PairRecord>(`${folder}/pairs.jsonl`);
    const bare = pairs.map(({ id, long, turns }) => ({
      id,
      long,
      turns: turns.map(({ reference: _, ...turn }) => turn),
    }));
    await writeLines(`${folder}/bare.jsonl`, bare);
    const flags = training(folder, "bare");
    await succeed("train", ...flags.with(3, `${folder}/bare.jsonl`));
    assertEquals(await metricsOf(`${folder}/bare`), await metricsOf(`${folder}/filled`));
    assertEquals(
      await bytes(`${folder}/bare/model/model.safetensors`),
      await bytes(`${folder}/filled/model/model.safetensors`),
    );
  });
});

Deno.test("train with artifacts of a folder is bit by bit the run that builds them", async () => {
  await withPairs(async (folder) => {
    await succeed("train", ...training(folder, "built"));
    const artifacts = `${folder}/built/artifacts`;
    assertEquals(
      await filesOf(artifacts),
      [
        ...["embed", "head", "layer"].flatMap((segment) => [
          `${segment}/eval_model.onnx`,
          `${segment}/training_model.onnx`,
        ]),
        "manifest.json",
        "optimizer_model.onnx",
      ],
    );
    await succeed("train", ...training(folder, "read", "--artifacts", artifacts));
    assertEquals(await metricsOf(`${folder}/read`), await metricsOf(`${folder}/built`));
    assertEquals(
      await bytes(`${folder}/read/model/model.safetensors`),
      await bytes(`${folder}/built/model/model.safetensors`),
    );

    const says = `The training artifacts in ${artifacts} were built for`;
    const refused = async (flags: string[], difference: string): Promise<void> => {
      await fail("train", flags, [`${says} ${difference}`, "hint: Leave them out"]);
    };
    const other = training(folder, "other", "--artifacts", artifacts);
    await refused([...other, "--objective", "dpo"], "objective longpo, and this run needs dpo");
    await refused([...other, "--aggregation", "mean"], "aggregation sum, and this run needs mean");
    await writeTinyModel(`${folder}/wide`, { hidden: 32 });
    await refused(other.with(1, `${folder}/wide`), "hiddenSize 16, and this run needs 32");
    await Deno.writeFile(`${artifacts}/layer/training_model.onnx`, new Uint8Array(100));
    await fail("train", other, ["layer/training_model.onnx cannot be opened"]);
    await Deno.remove(`${artifacts}/layer/training_model.onnx`);
    await fail("train", other, [`${artifacts}/layer/training_model.onnx is missing`]);
  });
});

const withoutCuda = await findDevice("cuda").then(() => false, (error) => {
  if (error instanceof UserError) return true;
  throw error;
});

Deno.test("train says what --device cuda needs where there is none", {
  ignore: !withoutCuda,
}, async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    const { stderr } = await fail("train", training(folder, "run", "--device", "cuda"), [
      "error: --device cuda cannot be used here: ",
      "hint: install the CUDA libraries",
      "or choose --device cpu",
    ]);
    assertEquals(stderr.trim().split("\n").length, 2);
  });
});

Deno.test("train says that it needs pairs", async () => {
  const { stderr } = await fail("train", [], ["Missing --pairs <text>"], 2);
  assertPlain(stderr);
  assertStringIncludes(stderr, "hint: Run with --help");
});
