/**
 * LongPO end to end: documents in, a model that reads longer contexts out.
 *
 *     deno run -A pipelines/longpo.ts
 *
 * @module
 */

import { WORLD_MODEL, worldRecipe } from "../examples/world/recipe.ts";
import { command, commonFlags, main, modelCard, number, openRunFolder } from "../lib/cli/mod.ts";
import { pairFlags, paperRecipe, recipeOf, string, toggle, trainFlags } from "../lib/cli/mod.ts";
import { readJsonIfThere, samplerFlags, samplerOf, UsageError, writeJson } from "../lib/cli/mod.ts";
import type { DocumentRecord } from "../lib/data/mod.ts";
import { compareTable, gapClosed, type Report, scoreModel } from "../lib/evaluate/mod.ts";
import { filter, Random, type Stage } from "../lib/flow/mod.ts";
import { openReaders } from "../lib/generate/mod.ts";
import { findDevice, loadModel, type Model, saveModel } from "../lib/model/mod.ts";
import { documentsExam, embeddedExam } from "./evaluate.ts";
import { makePairs, trainingDocuments } from "./pairs.ts";
import { train, trainingPairs } from "./train.ts";

const longpo = command({
  name: "longpo",
  summary: "Teaches a model longer contexts by itself: pairs, training and exams",
  examples: [
    "deno run -A pipelines/longpo.ts",
    "deno run -A pipelines/longpo.ts --model SmolLM2 --documents books --out runs/books",
    "deno run -A pipelines/longpo.ts --objective dpo --out runs/dpo",
  ],
  flags: {
    ...commonFlags,
    ...pairFlags,
    ...trainFlags,
    ...samplerFlags,
    model: string({ summary: "Hugging Face model folder; the embedded model without it" }),
    documents: string({ summary: "File or folder of documents; the embedded ones without it" }),
    out: string({ summary: "Folder of the result", default: "runs/longpo" }),
    rounds: number({
      summary: "Rounds of self-evolution: each begins with the model of the one before",
      integer: true,
      min: 1,
      default: 1,
    }),
    overwrite: toggle({ summary: "Replaces another or a finished run in that folder" }),
    threads: number({ summary: "Threads of one operator; 0 is one a core", default: 0, min: 0 }),
  },
});

/** One document in this many is held out of training, for the exam. */
const HELD_OUT = 10;

/** Passes on one side of the split; which side a document is on does not depend on the others. */
function only(side: "training" | "exam", seed: number): Stage<DocumentRecord, DocumentRecord> {
  return filter(function ofSide({ id }: DocumentRecord) {
    const isHeldOut = new Random(seed).fork("held out", id).int(HELD_OUT) === 0;
    return isHeldOut === (side === "exam");
  }, side === "training" ? "held out for the exam" : "not for the exam");
}

await main(longpo, async (flags, { signal, log, resumeWith }) => {
  const started = performance.now();
  const { documents, out, seed, rounds, overwrite, threads } = flags;
  const recipe = recipeOf(flags, flags.model ? paperRecipe : worldRecipe);
  if (flags.sampler !== undefined && rounds > 1) {
    throw new UsageError(`Cannot use --sampler in ${rounds} rounds: its model does not learn`, {
      hint: "Run one round, serve the model that comes out, and begin the next with that",
    });
  }
  const start = await loadModel(flags.model ?? WORLD_MODEL, { signal });
  const sampler = samplerOf(flags, start, log);
  const settings = { ...recipe, model: flags.model, documents, rounds, sampler: sampler?.name };
  await openRunFolder(out, { ...settings, seed }, { overwrite });
  resumeWith(`run the same command again: ${out} holds what is done`);

  const { ropeTheta = start.config.ropeTheta, maxTokens } = recipe;
  const device = await findDevice(flags.device);
  const place = { device, threads };
  const common = { recipe, log, deadLetters: `${out}/dropped.jsonl` };

  const exam = await examFor(start);
  const score = (model: Model, theta: number) =>
    scoreModel({ model, exam, maxTokens, signal, ropeTheta: theta, ...place });
  log.info("exam: the model as it came, and with the policy's RoPE base");
  const original = await score(start, start.config.ropeTheta);
  const before = await score(start, ropeTheta);

  let model = start;
  let last = { pairs: 0, steps: 0, dropped: {} as Record<string, number> };
  for (let round = 1; round <= rounds; round++) {
    const folder = round === rounds ? out : `${out}/round-${round}`;
    ({ model, ...last } = await evolve(model, folder, seed + round - 1));
  }
  log.info("exam: the trained policy");
  const after = await score(model, ropeTheta);
  const scores = { original, before, after };
  const seconds = (performance.now() - started) / 1000;
  const report: Report = {
    ...scores,
    gapClosed: gapClosed(scores),
    ...last,
    seconds,
    seed,
    settings,
  };
  await writeJson(`${out}/report.json`, report);
  log.info(`${compareTable(original, before, after)}\n${out}/model and ${out}/report.json written`);

  /** One round: the model makes pairs and learns from them. */
  async function evolve(from: Model, folder: string, seed: number) {
    await Deno.mkdir(folder, { recursive: true });
    await using readers = await openReaders(from, { ropeTheta, log, ...place });
    const file = `${folder}/pairs.jsonl`;
    const options = { ...common, seed, model: from, readers };
    const source = trainingDocuments(documents, recipe, seed);
    const dropped = await readJsonIfThere<Record<string, number>>(`${folder}/dropped.json`) ??
      await makePairs(file, {
        ...options,
        sampler,
        source,
        only: documents === undefined ? undefined : only("training", seed),
      }, signal);
    await writeJson(`${folder}/dropped.json`, dropped);

    const { count, ...read } = await trainingPairs(file, recipe, log, signal);
    const { policy, steps } = await train({ ...options, ...read, ...place, out: folder, signal });
    const told = {
      base: from.name,
      documents: documents ?? "a made-up world",
      recipe,
      steps,
      seed,
    };
    const card = modelCard({ ...told, pairs: count });
    await saveModel(policy, `${folder}/model`, { card, overwrite: true });
    const model = await loadModel(`${folder}/model`, { signal });
    return { model, pairs: count, steps, dropped };
  }

  async function examFor(model: Model) {
    if (documents === undefined) return embeddedExam(recipe, seed);
    await using readers = await openReaders(model, place);
    return await documentsExam(documents, {
      ...common,
      seed,
      model,
      readers,
      only: only("exam", seed),
    }, signal);
  }
});
