/**
 * What a plan says of a training step beside what the step takes: memory and time.
 *
 *     deno run -A tests/bench/plan.ts [--activations disk] [--moments 8bit] [--max-grad-norm 0]
 *         [--lora r=16,alpha=32] [--repeats 3] [--threads 2] [--json FILE]
 *
 * Two shapes of model with random weights, each on documents of three lengths with two answers. Every
 * step is the second of a process of its own, whose memory is the most that it had resident; the
 * machine's rates are measured right before it. Told are medians of the repeats, which take turns over
 * the points. The last line says how many figures are less than a fifth off.
 *
 * @module
 */

import { command, duration, loraFlag, main, number, parseLora } from "../../lib/cli/mod.ts";
import { string, table, writeJson } from "../../lib/cli/mod.ts";
import { type ModelConfig, parseConfig } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { calibrate, type LearningSize, planStep } from "../../lib/train/mod.ts";
import { type Figures, median, medianFigures } from "./training/figures.ts";
import { ourStep } from "./training/our_side.ts";
import { writeRandomWeights } from "./training/random_model.ts";
import { smollm2 } from "./training/smollm2.ts";
import { type StepChoices, stepChoices, stepFlags } from "./training/step_flags.ts";
import { temporaryFolder } from "./training/temporary_folder.ts";

/** Narrow, with as many heads of keys as of queries, and a head apart from its embedding. */
const NARROW = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_act: "silu",
  hidden_size: 384,
  intermediate_size: 1024,
  num_hidden_layers: 12,
  num_attention_heads: 6,
  num_key_value_heads: 6,
  rms_norm_eps: 1e-5,
  rope_theta: 100000,
  tie_word_embeddings: false,
  vocab_size: 16384,
  max_position_embeddings: 131072,
};

/** Tokens of a document, its question included, and of each of two answers. */
interface Length {
  tokens: number;
  answers: number;
}

const MODELS: Record<string, { config: Record<string, unknown>; lengths: Length[] }> = {
  "SmolLM2-135M's shape": {
    config: smollm2(30),
    lengths: [
      { tokens: 1024, answers: 128 },
      { tokens: 2048, answers: 128 },
      { tokens: 8192, answers: 256 },
    ],
  },
  "12 narrow layers": {
    config: NARROW,
    lengths: [
      { tokens: 1024, answers: 128 },
      { tokens: 4096, answers: 256 },
      { tokens: 8192, answers: 256 },
    ],
  },
};

/** A step as it was planned and as it was. */
interface Point {
  model: string;
  planned: { bytes: number; seconds: number };
  measured: Figures;
}

/** What several runs of a point were planned to be and were, in the middle. */
function medianPoint(runs: readonly Point[]): Point {
  const [{ model, planned: { bytes } }] = runs;
  const seconds = median(runs.map(({ planned }) => planned.seconds));
  return {
    model,
    planned: { bytes, seconds },
    measured: medianFigures(runs.map(({ measured }) => measured)),
  };
}

/** How far off a plan may be. */
const TOLERANCE = 0.2;

const ratios = ({ planned, measured }: Point) => ({
  memory: planned.bytes / measured.peakBytes,
  time: planned.seconds / measured.seconds,
});

const plan = command({
  name: "plan",
  summary: "Holds plans of training steps against the steps",
  examples: [
    "deno run -A tests/bench/plan.ts",
    "deno run -A tests/bench/plan.ts --activations disk --moments 8bit --max-grad-norm 0",
  ],
  flags: {
    ...stepFlags,
    lora: loraFlag,
    only: string({ summary: "Part of the name of the only model that is looked at" }),
    repeats: number({ summary: "Runs of each point", integer: true, min: 1, default: 3 }),
    json: string({ summary: "File for all figures", value: "file" }),
  },
});

/** The points as a table. */
function pointTable(points: readonly Point[]): string {
  return table(points.map((point) => {
    const { model, planned, measured } = point;
    const { memory, time } = ratios(point);
    return {
      model,
      tokens: measured.tokens,
      "planned GB": (planned.bytes / 1e9).toFixed(2),
      "peak GB": (measured.peakBytes / 1e9).toFixed(2),
      "ratio of memory": memory.toFixed(2),
      "planned s": planned.seconds.toFixed(2),
      seconds: measured.seconds.toFixed(2),
      "ratio of time": time.toFixed(2),
      "CPU seconds": measured.cpuSeconds.toFixed(2),
    };
  }));
}

/** How many of the points are less than the tolerance off. */
function within(points: readonly Point[], of: "memory" | "time"): string {
  const near = points.filter((point) => Math.abs(ratios(point)[of] - 1) <= TOLERANCE);
  return `${of} of ${near.length} of ${points.length}`;
}

/** A model in a folder, and how its steps are. */
interface Setup {
  model: string;
  path: string;
  config: ModelConfig;
  learning: LearningSize;
  choices: StepChoices & { lora?: string };
}

/** One step, and the plan for it with the rates that the machine has right before. */
async function measurePoint(
  { model, path, config, learning, choices }: Setup,
  { tokens, answers }: Length,
  signal: AbortSignal,
): Promise<Point> {
  const { threads } = choices;
  const rates = await calibrate(config, { threads, lora: learning.lora, signal });
  // The document's tokens are counted with those of its question.
  const size = { documentTokens: tokens, questionTokens: 0, turns: 1, answerTokens: answers };
  const step = planStep({ config, objective: longpo, ...size, ...learning });
  const planned = { bytes: step.bytes, seconds: step.seconds(rates) };
  const flags = { ...choices, model: path, tokens, answers, steady: true };
  return { model, planned, measured: await ourStep(flags, signal) };
}

await main(plan, async (flags, { signal, log }) => {
  const { dtype, moments, activations, maxGradNorm } = flags;
  const { lora: text, only = "", repeats, json } = flags;
  const choices = { ...stepChoices(flags), lora: text };
  const lora = text === undefined ? undefined : parseLora(text);
  const learning: LearningSize = { dtype, lora, moments, activations, clips: maxGradNorm > 0 };
  const points: Point[] = [];
  for (const [model, { config: json, lengths }] of Object.entries(MODELS)) {
    if (!model.includes(only)) continue;
    await using folder = await temporaryFolder();
    await writeRandomWeights(folder.path, json);
    const setup = { model, path: folder.path, config: parseConfig(json), learning, choices };
    const runs: Point[][] = lengths.map(() => []);
    for (let run = 1; run <= repeats; run++) {
      for (const [at, length] of lengths.entries()) {
        const point = await measurePoint(setup, length, signal);
        const { planned, measured } = point;
        const [expected, taken] = [planned, measured].map(({ seconds }) =>
          duration(1000 * seconds)
        );
        const what = `${model}, ${measured.tokens} tokens`;
        log.info(`run ${run} of ${repeats}, ${what}: ${taken}, planned ${expected}`);
        runs[at].push(point);
      }
    }
    points.push(...runs.map(medianPoint));
  }
  console.log(pointTable(points));
  const found = (["memory", "time"] as const).map((of) => within(points, of));
  console.log(`\nless than a fifth off: ${found.join(", ")}`);
  if (json !== undefined) await writeJson(json, { ...choices, points });
});
