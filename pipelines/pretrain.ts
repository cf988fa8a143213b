/**
 * Makes a model from nothing: the embedded one from lessons on a made-up world, or any other from
 * plain text.
 *
 *     deno run -A pipelines/pretrain.ts --out runs/world --seed 1
 *
 * @module
 */

import { type Curriculum, curriculum } from "../examples/world/curriculum.ts";
import { firstWeights } from "../examples/world/first_weights.ts";
import { makeLesson } from "../examples/world/lessons.ts";
import { writeBlankModel } from "../examples/world/model_config.ts";
import { lessonSequences } from "../examples/world/teach.ts";
import { command, commonFlags, main, maxGradNormFlag, momentsFlag } from "../lib/cli/mod.ts";
import {
  number,
  openRunFolder,
  optimizerOptions,
  progress,
  string,
  toggle,
  writeJson,
} from "../lib/cli/mod.ts";
import { chunk, documents, epochs, packBatches, plainText } from "../lib/data/mod.ts";
import {
  jsonlFile,
  pipe,
  pipeline,
  Random,
  type Source,
  type Stage,
  tap,
  UserError,
} from "../lib/flow/mod.ts";
import {
  type ChatModel,
  findDevice,
  loadTextModel,
  type SequencedDocument,
} from "../lib/model/mod.ts";
import { saveModel } from "../lib/model/mod.ts";
import { sft } from "../lib/objective/mod.ts";
import { AdamW, Learner, optimise, type StepMetrics } from "../lib/train/mod.ts";

const pretrain = command({
  name: "pretrain",
  summary: "Makes a model from nothing, the embedded one unless told otherwise",
  examples: [
    "deno run -A pipelines/pretrain.ts --out runs/world --seed 1",
    "deno run -A pipelines/pretrain.ts --model blank --documents books --out runs/books",
  ],
  flags: {
    model: string({ summary: "Folder with config.json and tokenizer; the world's without it" }),
    documents: string({ summary: "File or folder of plain texts; the world's lessons without it" }),
    out: string({ summary: "Folder of the model", default: "runs/pretrain" }),
    seed: commonFlags.seed,
    device: commonFlags.device,
    learningRate: number({ summary: "The highest learning rate on plain texts", default: 1e-3 }),
    steps: number({
      summary: "Optimiser steps on plain texts",
      default: 1000,
      min: 1,
      integer: true,
    }),
    maxGradNorm: { ...maxGradNormFlag, default: 1 },
    moments: { ...momentsFlag, default: "float32" },
    overwrite: toggle({ summary: "Replaces another or a finished run in that folder" }),
    threads: commonFlags.threads,
  },
});

/** Tokens of a packed row. */
const ROW = 2048;

/** One part of a pre-training: what is learned, and for how long. */
interface Part extends Omit<Curriculum, "lesson"> {
  source: Source<SequencedDocument>;
}

/** Lessons of one part of the world's curriculum, as token sequences. */
function lessons(model: ChatModel, part: Curriculum, random: Random): Source<SequencedDocument> {
  return async function* lessons() {
    for (let at = 0; at < part.steps * part.documents; at++) {
      const lesson = makeLesson(random.fork(at), part.lesson);
      if (lesson.exercises.length > 0) yield lessonSequences(model, lesson, `lesson-${at}`);
    }
  };
}

/** Plain texts, again and again. */
function texts(model: ChatModel, path: string, tokens: number): Source<SequencedDocument> {
  const pieces = pipe(
    chunk({ tokenizer: model.tokenizer, tokens, minTokens: 2 }),
    plainText({ model }),
  );
  const once: Source<SequencedDocument> = (context) =>
    pieces(documents({ paths: [path] })(context), context);
  return epochs(once, Infinity);
}

/** A stage that ends the stream once the loss, averaged over some 20 steps, is low enough. */
function until(loss = -Infinity): Stage<StepMetrics, StepMetrics> {
  return async function* until(source) {
    let average: number | undefined;
    for await (const metrics of source) {
      yield metrics;
      average = average === undefined ? metrics.loss : 0.95 * average + 0.05 * metrics.loss;
      if (average < loss) return;
    }
  };
}

await main(pretrain, async (flags, { signal, log }) => {
  const started = performance.now();
  const { out, seed, threads, overwrite, steps, learningRate, maxGradNorm, moments } = flags;
  const told = { model: flags.model, documents: flags.documents, steps, learningRate };
  const settings = { ...told, maxGradNorm, moments, seed };
  await openRunFolder(out, settings, { overwrite });
  const folder = flags.model ?? `${out}/blank`;
  if (flags.model === undefined) await writeBlankModel(folder);
  const model = await loadTextModel(folder);
  const parameters = firstWeights(model.config, seed);
  const place = { device: await findDevice(flags.device), threads };
  // A model as small as this one is quicker learnt in one graph than layer by layer.
  const options = { objective: sft, segment: "model" as const, ...place };
  await using learner = await Learner.open(model.config, parameters, options);
  const adamW = { beta2: 0.98, weightDecay: 0.01, ...optimizerOptions(flags, out) };
  await using optimizer = await AdamW.open(learner.artifacts, parameters, adamW, place);

  const random = new Random(seed);
  const parts: Part[] = flags.documents
    ? [{
      source: texts(model, flags.documents, model.config.maxPositions),
      steps,
      learningRate,
      documents: 16,
    }]
    : curriculum.map((part, index) => ({
      ...part,
      source: lessons(model, part, random.fork("lessons", index)),
    }));
  for (const [index, part] of parts.entries()) {
    const name = `part ${index + 1} of ${parts.length}`;
    using shown = progress({ label: name, total: part.steps });
    await pipeline({
      name,
      seed,
      log,
      source: part.source,
      stages: [
        packBatches({ tokensPerRow: ROW, documentsPerBatch: part.documents }),
        optimise({ learner, optimizer, schedule: part, firstStep: optimizer.step }),
        tap(({ loss }: StepMetrics) => shown.advance(1, `NLL ${loss.toFixed(4)}`)),
        until(part.until),
      ],
      sink: jsonlFile(`${out}/metrics-${index + 1}.jsonl`),
    }).run({ signal });
  }
  if (optimizer.step === 0) {
    throw new UserError(`There is nothing to learn from in ${flags.documents}`);
  }
  await saveModel({ config: model.config, folder, parameters }, `${out}/model`, {
    overwrite: true,
    signal,
  });
  const seconds = (performance.now() - started) / 1000;
  await writeJson(`${out}/report.json`, { steps: optimizer.step, seconds, seed, settings });
  log.info(`${out}/model: a model in Hugging Face layout`);
});
