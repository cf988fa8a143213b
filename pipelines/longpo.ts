/**
 * LongPO end to end: documents in, a model that reads longer contexts out.
 *
 *     deno run -A pipelines/longpo.ts
 *
 * @module
 */

import { WORLD_MODEL } from "../examples/world/embedded.ts";
import { adapterCard, asComputed, chatFlags, chatOptions, checkRunFolder } from "../lib/cli/mod.ts";
import {
  command,
  commonFlags,
  headings,
  inGroup,
  main,
  modelCard,
  number,
  openModel,
} from "../lib/cli/mod.ts";
import { openRunFolder, pairFlags, paperRecipe, profiled, profileFlags } from "../lib/cli/mod.ts";
import { ratesFlag, readRates, recipeOf, samplerFlags, samplerOf } from "../lib/cli/mod.ts";
import { string, toggle, trainFlags, UsageError, withDefaults } from "../lib/cli/mod.ts";
import { writeJson, writeText } from "../lib/cli/mod.ts";
import { only } from "../lib/data/mod.ts";
import {
  compareTable,
  gapClosed,
  type Report,
  scoreModel,
  textTable,
} from "../lib/evaluate/mod.ts";
import { findDevice, type Model } from "../lib/model/mod.ts";
import { artifactsFlag, givenArtifacts } from "./artifacts.ts";
import { documentsExam, embeddedExam } from "./exam.ts";
import { examDocuments } from "./held_out.ts";
import { evolve, freshFile } from "./round.ts";
import { warnOfStrangeDocuments, worldRecipe } from "./world_recipe.ts";

/** What holds without flags where the embedded model learns. */
const OTHERS = { "with the embedded model": worldRecipe };

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
    ...inGroup(headings.pairs, withDefaults(pairFlags, OTHERS)),
    ...inGroup(headings.training, withDefaults(trainFlags, OTHERS)),
    ...inGroup(headings.sampler, samplerFlags),
    artifacts: artifactsFlag,
    overwrite: toggle({ summary: "Replaces another or a finished run in that folder" }),
    device: commonFlags.device,
    threads: commonFlags.threads,
    ...inGroup(headings.watching, { rates: ratesFlag, ...profileFlags }),
  },
});

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
  warnOfStrangeDocuments(flags, log);
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
  const shared = { recipe, documents, heldOut, sampler, artifacts, rates, chat, log, signal };
  const begin = (round: number, model: Model) =>
    evolve({ model, folder: folderOf(round), seed: seed + round - 1 }, { ...shared, ...place });
  let last = await begin(1, start);
  for (let round = 2; round <= rounds; round++) last = await begin(round, last.model);
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
});
