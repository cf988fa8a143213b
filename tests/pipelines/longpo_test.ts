import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parsePair } from "../../lib/data/mod.ts";
import type { ModelScores, Report } from "../../lib/evaluate/mod.ts";
import { readArtifacts } from "../../lib/onnx/mod.ts";
import { loadModel } from "../../lib/model/mod.ts";
import { builtFor, type StepMetrics } from "../../lib/train/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { readLines, worldLines, writeLines } from "./support/documents.ts";
import { assertPlain, exists, fail, filesOf, inFolder, PAIRS, succeed } from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

async function withDocuments(
  count: number,
  use: (folder: string, flags: string[]) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(count));
    const inputs = ["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`];
    const numbers = ["--batch-size", "4", "--learning-rate", "1e-3"];
    await use(folder, [...inputs, "--out", `${folder}/run`, ...numbers, ...PAIRS]);
  });
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(path));
}

function assertScores(scores: ModelScores, questions: number): void {
  for (const { recall, nll, n, standardError } of [scores.short, scores.long]) {
    assertEquals(n, questions);
    assert(recall >= 0 && recall <= 1 && Number.isFinite(standardError), `${recall}`);
    assert(Number.isFinite(nll) && nll > 0, `${nll}`);
  }
}

Deno.test("longpo makes of a person's documents a model, its pairs, metrics, graphs and report", async () => {
  await withDocuments(12, async (folder, flags) => {
    const { stdout, stderr } = await succeed("longpo", ...flags, "--rope-theta", "50000");
    const run = `${folder}/run`;
    assertEquals(stdout, "");
    assertPlain(stderr);
    assertStringIncludes(stderr, "held out for the exam 1");

    const report = await readJson<Report>(`${run}/report.json`);
    const { original, before, after, settings, seconds, gapClosed: _, ...counts } = report;
    for (const scores of [original, before, after]) assertScores(scores, 2);
    assertEquals(original.short.recall, 1);
    assert(original.long.nll !== before.long.nll && before.long.nll !== after.long.nll);
    assertEquals(counts, { pairs: 11, dropped: {}, steps: 3, seed: 0 });
    assertEquals([settings.ropeTheta, settings.learningRate, settings.turns], [50000, 1e-3, 2]);
    assert(seconds > 0);

    const ids = (await readLines(`${run}/pairs.jsonl`)).map((row) => parsePair(row).id);
    assertEquals(new Set(ids).size, 11);
    const metrics = await readLines<StepMetrics>(`${run}/metrics.jsonl`);
    assertEquals(metrics.map(({ step, documents }) => [step, documents]), [[1, 4], [2, 4], [3, 3]]);

    const model = await loadModel(`${run}/model`);
    assertEquals([model.config.ropeTheta, model.config.maxPositions], [50000, 256]);
    const { vocabSize } = model.config;
    assertEquals((await loadModel(`${folder}/tiny`)).config.vocabSize, vocabSize);
    const card = await Deno.readTextFile(`${run}/model/README.md`);
    assertStringIncludes(card, "11 documents");
    assertStringIncludes(card, "answers that the model itself wrote");
    assertStringIncludes(card, `deno run -A pipelines/longpo.ts --model ${folder}/tiny `);
    assertStringIncludes(card, "\nin pieces  ");
    const { short, long } = after;
    const cells = [short.recall, long.recall, short.nll, long.nll];
    assertStringIncludes(card, `| after | ${cells.map((cell) => cell.toFixed(3)).join(" | ")} |`);
    const { manifest, files } = await readArtifacts(`${run}/artifacts`);
    const purpose = { config: model.config, objective: longpo, aggregation: "sum" } as const;
    assertEquals(manifest.builtFor, builtFor(purpose));
    assertEquals(files.size, 7);
    assertEquals((await filesOf(folder)).filter((name) => name.endsWith(".part")), []);
  });
});

Deno.test("longpo begins each round with the model of the one before, on the same documents", async () => {
  await withDocuments(8, async (folder, flags) => {
    await succeed("longpo", ...flags, "--rounds", "2");
    const run = `${folder}/run`;
    const rounds = await Promise.all([`${run}/round-1`, run].map(async (round) => ({
      pairs: (await readLines(`${round}/pairs.jsonl`)).map(parsePair),
      model: await loadModel(`${round}/model`),
      metrics: await readLines<StepMetrics>(`${round}/metrics.jsonl`),
    })));
    const [first, second] = rounds;
    assertEquals(first.pairs.map(({ id }) => id), second.pairs.map(({ id }) => id));
    assert(first.model.fingerprint !== second.model.fingerprint);
    assertEquals(rounds.map(({ metrics }) => metrics.length), [2, 2]);
    assert(JSON.stringify(first.pairs) !== JSON.stringify(second.pairs));
    // What begins with the first round's model has its log-probs as references.
    const flagsOfTraining = ["--device", "cpu", "--steps", "1", "--out", `${folder}/again`];
    const pairs = ["--pairs", `${run}/pairs.jsonl`];
    await succeed("train", "--model", `${run}/round-1/model`, ...pairs, ...flagsOfTraining);
    await fail(
      "train",
      ["--model", `${folder}/tiny`, ...pairs, ...flagsOfTraining, "--overwrite"],
      ["reference log-probs of another model"],
    );
  });
});

Deno.test("longpo takes no more contexts than it is told, for exam and training together", async () => {
  await withDocuments(6, async (folder, flags) => {
    const { stderr } = await succeed("longpo", ...flags, "--contexts", "4", "--held-out", "0.5");
    assertStringIncludes(stderr, "held out for the exam 2");
    const learnt = (await readLines(`${folder}/run/pairs.jsonl`)).map((row) => parsePair(row).id);
    const first = worldLines(4).map(({ id }) => id);
    assertEquals([learnt.length, learnt.filter((id) => first.includes(id)).length], [2, 2]);
  });
});

Deno.test("longpo refuses what it cannot hold an exam on, before it makes a folder", async () => {
  await withDocuments(1, async (folder, flags) => {
    await fail("longpo", flags, [
      `${folder}/documents.jsonl has 1 documents to learn from, and two are needed`,
      "hint: Give more documents",
    ]);
    const short = worldLines(3, { tokens: 30 }).map((line, at) => ({ ...line, id: `short-${at}` }));
    await writeLines(`${folder}/documents.jsonl`, [...worldLines(1), ...short]);
    await fail("longpo", flags, ["left out: 3 shorter than a chunk"]);
    const questionless = worldLines(4).map((line) => ({ ...line, questions: [] }));
    await writeLines(`${folder}/documents.jsonl`, questionless);
    await fail("longpo", flags, [
      "gave a question for the exam: 1 no questions to retrieve for",
    ]);
    await fail("longpo", [...flags, "--documents", "-"], [
      "Cannot read --documents from standard input",
      "hint: Write them to a file first",
    ], 2);
    assertEquals(await exists(`${folder}/run/model`), false);
    await writeLines(`${folder}/documents.jsonl`, worldLines(2));
    await succeed("longpo", ...flags);
  });
});

Deno.test("longpo refuses a finished folder at once, and one of other settings", async () => {
  await withDocuments(4, async (folder, flags) => {
    await succeed("longpo", ...flags);
    const before = await Deno.readFile(`${folder}/run/report.json`);
    const { stderr } = await fail("longpo", flags, [
      `${folder}/run holds a finished run`,
      "hint: Choose another --out, or give --overwrite to replace it",
    ]);
    assertEquals(stderr.trim().split("\n").length, 2);
    await Deno.remove(`${folder}/run/report.json`);
    await fail("longpo", [...flags, "--seed", "5"], ["holds a run that was told other things"]);
    await succeed("longpo", ...flags);
    const [one, other] = [
      JSON.parse(new TextDecoder().decode(before)),
      await readJson(`${folder}/run/report.json`),
    ] as Report[];
    assertEquals({ ...one, seconds: 0 }, { ...other, seconds: 0 });
  });
});

Deno.test("evaluate holds the exam of a person's documents and writes the scores", async () => {
  await withDocuments(3, async (folder) => {
    const { stdout } = await succeed("evaluate", ...[
      ...["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`],
      ...["--out", `${folder}/scores.json`, ...PAIRS],
    ]);
    const scores = await readJson<ModelScores & { seed: number }>(`${folder}/scores.json`);
    assertScores(scores, 6);
    assertEquals([scores.seed, scores.short.recall], [0, 1]);
    const table = stdout.trim().split("\n").map((line) => line.split(/\s{2,}/)[0]);
    assertEquals(table, [
      "length",
      "short",
      "long",
      "",
      "NLL of a token",
      "in pieces",
      "at 0 to 149",
    ]);
  });
});
