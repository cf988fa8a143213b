/**
 * LongPO end to end: documents in, a model that reads longer contexts out.
 *
 *     deno run -A pipelines/longpo.ts
 *
 * @module
 */

import { WORLD_MODEL } from "../examples/world/embedded.ts";
import {
  adapterCard,
  asComputed,
  chatFlags,
  chatOptions,
  checkRunFolder,
  command,
  commandLine,
  commonFlags,
  main,
  modelCard,
  type ModelCardOptions,
  number,
  openModel,
} from "../lib/cli/mod.ts";
import { openRunFolder, pairFlags, paperRecipe, profiled, profileFlags } from "../lib/cli/mod.ts";
import { ratesFlag, readJsonIfThere, readRates, recipeOf } from "../lib/cli/mod.ts";
import { samplerFlags, samplerOf, string, toggle } from "../lib/cli/mod.ts";
import { trainFlags, UsageError, withDefaults, writeJson, writeText } from "../lib/cli/mod.ts";
import { only } from "../lib/data/mod.ts";
import {
  compareTable,
  gapClosed,
  type Report,
  scoreModel,
  textTable,
} from "../lib/evaluate/mod.ts";
import { openReaders } from "../lib/generate/mod.ts";
import { findDevice, loadModel, type Model } from "../lib/model/mod.ts";
import { artifactsFlag, givenArtifacts } from "./artifacts.ts";
import { documentsExam, embeddedExam } from "./exam.ts";
import { examDocuments } from "./held_out.ts";
import { makePairs } from "./make_pairs.ts";
import { trainingDocuments } from "./pairing.ts";
import { saveTrained } from "./save_trained.ts";
import { train } from "./training.ts";
import { trainingPairs } from "./training_pairs.ts";
import { worldRecipe } from "./world_recipe.ts";

const longpo = command({
  name: "longpo",
  summary: "Teaches a model longer contexts by itself: pairs, training and exams",
  examples: [
    "deno run -A pipelines/longpo.ts",
    "deno run -A pipelines/longpo.ts --model path/to/model --documents books --out runs/books",
    "deno run -A pipelines/longpo.ts --objective dpo --out runs/dpo",
  ],
  notes: [
    "The exam's rows: original is the model as it came, with its own RoPE base; before is the same " +
    "weights with the base of --rope-theta, from which training starts; after is the trained " +
    "model. Recall is the share of questions that it answers right, on short pieces and on whole " +
    "documents; NLL is how unlikely it finds the right answers, in nats a token.",
  ],
  flags: {
    model: commonFlags.model,
    ...chatFlags,
    documents: commonFlags.documents,
    out: string({ summary: "Folder of the result", default: "runs/longpo" }),
    rounds: number({
      summary: "Rounds of self-evolution: each begins with the model of the one before",
      integer: true,
      min: 1,
      default: 1,
    }),
    heldOut: number({
      summary: "Share of the documents that the exam is held on and training never sees",
      min: 0,
      max: 0.9,
      default: 0.1,
    }),
    seed: commonFlags.seed,
    ...withDefaults({ ...pairFlags, ...trainFlags }, { "with the embedded model": worldRecipe }),
    ...samplerFlags,
    artifacts: artifactsFlag,
    overwrite: toggle({ summary: "Replaces another or a finished run in that folder" }),
    device: commonFlags.device,
    threads: commonFlags.threads,
    rates: ratesFlag,
    ...profileFlags,
  },
});

/** A file's path, once what an earlier run wrote there is gone. */
async function freshFile(path: string): Promise<string> {
  await Deno.remove(path).catch(() => {});
  return path;
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
  if (documents === "-") {
    throw new UsageError(
      "Cannot read --documents from standard input: they are read several times",
      { hint: "Write them to a file first" },
    );
  }
  const { model: base, sampler: server, samplerModel: served } = flags;
  const { heldOut: share } = flags;
  const { chatTemplate, systemPrompt, chatTemplateKwargs } = flags;
  const template = { chatTemplate, systemPrompt, chatTemplateKwargs };
  const given = { model: base, documents, ...template, heldOut: share, rounds };
  const settings = { ...recipe, ...given, sampler: server, served };
  const run = { ...settings, ...asComputed(recipe), seed };
  await checkRunFolder(out, run, { overwrite });
  const rates = await readRates(flags.rates);
  await using _profile = await profiled(flags, log);
  const chat = await chatOptions(flags);
  const { dtype } = recipe;
  const start = await openModel(flags.model ?? WORLD_MODEL, { ...chat, dtype, signal });
  const sampler = samplerOf({ ...flags, chat }, start, log);
  const device = await findDevice(flags.device);
  const artifacts = await givenArtifacts(flags.artifacts, start, recipe);
  const heldOut = documents === undefined
    ? new Set<string>()
    : await examDocuments(documents, start, { recipe, share, seed, signal });
  await openRunFolder(out, run, { overwrite });
  resumeWith(`run the same command again: ${out} holds what is done`);

  const { ropeTheta = start.config.ropeTheta, maxTokens } = recipe;
  const place = { device, threads };

  const exam = documents === undefined
    ? embeddedExam(recipe, seed)
    : await documentsExam(documents, {
      model: start,
      recipe,
      log,
      seed,
      ...place,
      deadLetters: await freshFile(`${out}/dropped-exam.jsonl`),
      only: only((id) => heldOut.has(id), "kept for training"),
    }, signal);
  const score = (model: Model, theta: number) =>
    scoreModel({ model, exam, maxTokens, signal, ropeTheta: theta, ...place });
  log.info("exam: the model as it came, and with the policy's RoPE base");
  const original = await score(start, start.config.ropeTheta);
  const isSame = ropeTheta === start.config.ropeTheta;
  const before = isSame ? original : await score(start, ropeTheta);

  const folderOf = (round: number) => round === rounds ? out : `${out}/round-${round}`;
  let last = await evolve(start, folderOf(1), seed);
  for (let round = 2; round <= rounds; round++) {
    last = await evolve(last.model, folderOf(round), seed + round - 1);
  }
  log.info("exam: the trained policy");
  const after = await score(last.model, ropeTheta);
  const scores = { original, before, after };
  const { told: { pairs, steps }, dropped } = last;
  const report: Report = {
    ...scores,
    gapClosed: gapClosed(scores),
    pairs,
    steps,
    dropped,
    seconds: (performance.now() - started) / 1000,
    seed,
    settings,
  };
  const card = modelCard({ ...last.told, scores });
  await writeText(`${out}/model/README.md`, card);
  if (last.adapts !== undefined) {
    await writeText(`${out}/adapter/README.md`, adapterCard(card, last.adapts, ropeTheta));
  }
  await writeJson(`${out}/report.json`, report);
  const tables = [compareTable(original, before, after), textTable(scores)];
  log.info(`${tables.filter(Boolean).join("\n")}\n${out}/model and ${out}/report.json written`);

  /** One round: the model makes pairs and learns from them. */
  async function evolve(from: Model, folder: string, seed: number) {
    await Deno.mkdir(folder, { recursive: true });
    const file = `${folder}/pairs.jsonl`;
    const options = { recipe, log, seed, model: from };
    const dropped = await readJsonIfThere<Record<string, number>>(`${folder}/dropped.json`) ??
      await pairsFrom(from, file, folder, seed);
    await writeJson(`${folder}/dropped.json`, dropped);

    const { count, ...read } = await trainingPairs(file, recipe, log, signal);
    const learning = { ...options, ...read, ...place, artifacts, rates, out: folder, signal };
    const trained = await train(learning);
    const { steps } = trained;
    const pairs = Math.min(count ?? trained.documents, trained.documents);
    const told: ModelCardOptions = {
      base: from.name,
      documents: documents ?? "a made-up world",
      writer: sampler?.name ?? "the model itself",
      recipe,
      pairs,
      steps,
      seed,
      command: commandLine("longpo"),
    };
    // A question and its answer stand beside the document; a piece's length is room enough for both.
    const length = recipe.longTokens + recipe.shortTokens;
    const saving = { length, card: modelCard(told), start: from, merge: true, ...chat };
    const adapts = await saveTrained(trained, folder, saving);
    return {
      model: await loadModel(`${folder}/model`, { ...chat, dtype, signal }),
      adapts,
      told,
      dropped,
    };
  }

  /** Pairs of one round; the graphs that they are made with are freed before it learns. */
  async function pairsFrom(from: Model, file: string, folder: string, seed: number) {
    await using readers = await openReaders(from, { ropeTheta, log, ...place });
    return await makePairs(file, {
      recipe,
      log,
      seed,
      model: from,
      readers,
      sampler,
      source: trainingDocuments(documents, recipe, seed),
      deadLetters: await freshFile(`${folder}/dropped.jsonl`),
      only: only((id) => !heldOut.has(id), "held out for the exam"),
    }, signal);
  }
});
