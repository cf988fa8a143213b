/**
 * Makes the embedded model from nothing: lesson by lesson, from small worlds to wide ones.
 *
 *     deno run -A pipelines/pretrain.ts --out runs/world
 *
 * @module
 */

import { type Curriculum, curriculum } from "../examples/world/curriculum.ts";
import { firstWeights } from "../examples/world/first_weights.ts";
import { makeLesson } from "../examples/world/lessons.ts";
import { writeBlankModel } from "../examples/world/model_config.ts";
import { lessonSequences } from "../examples/world/teach.ts";
import { command, commonFlags, main, number } from "../lib/cli/mod.ts";
import { packBatches } from "../lib/data/mod.ts";
import { jsonlFile, pipeline, Random, type Stage, tap } from "../lib/flow/mod.ts";
import { type ChatModel, loadTextModel, writeParameters } from "../lib/model/mod.ts";
import { sft } from "../lib/objective/mod.ts";
import { AdamW, Learner, optimise, type StepMetrics } from "../lib/train/mod.ts";

const pretrain = command({
  name: "pretrain",
  summary: "Makes the embedded model from nothing, on lessons about a made-up world",
  examples: ["deno run -A pipelines/pretrain.ts --out runs/world --seed 1"],
  flags: {
    out: { ...commonFlags.out, default: "runs/pretrain" },
    seed: commonFlags.seed,
    device: commonFlags.device,
    threads: number({
      summary: "Threads of one operator; 0 is one a core",
      integer: true,
      default: 0,
    }),
  },
});

/** Lessons of one part of the curriculum, as token sequences. */
async function* lessons(model: ChatModel, part: Curriculum, random: Random) {
  for (let at = 0; at < part.steps * part.documents; at++) {
    const lesson = makeLesson(random.fork(at), part.lesson);
    if (lesson.exercises.length > 0) yield lessonSequences(model, lesson, `lesson-${at}`);
  }
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

await main(pretrain, async ({ out, seed, threads }, { signal, log }) => {
  await writeBlankModel(out!);
  const model = await loadTextModel(out!);
  const parameters = firstWeights(model.config, seed);
  await using learner = await Learner.open(model.config, parameters, { objective: sft, threads });
  await using optimizer = await AdamW.open(learner.artifacts, parameters, {
    beta2: 0.98,
    weightDecay: 0.01,
  });

  for (const [number, part] of curriculum.entries()) {
    const random = new Random(seed).fork("lessons", number);
    const report = (metrics: StepMetrics) => {
      if (metrics.step % 25 !== 0) return;
      const { step, num_tokens, seconds } = metrics;
      const speed = Math.round(num_tokens / seconds);
      log.info(
        `part ${number + 1} step ${step}: NLL ${metrics.loss.toFixed(4)}, ${speed} tokens/s`,
      );
    };
    await pipeline({
      name: `part ${number + 1} of ${curriculum.length}`,
      seed,
      log,
      source: lessons(model, part, random),
      stages: [
        packBatches({ tokensPerRow: 2048, documentsPerBatch: part.documents }),
        optimise({ learner, optimizer, schedule: part, firstStep: optimizer.step }),
        tap(report),
        until(part.until),
      ],
      sink: jsonlFile(`${out}/metrics-${number + 1}.jsonl`),
    }).run({ signal });
    await writeParameters(parameters, out!, { dtype: "F32" });
  }
});
