/**
 * A training step, phase by phase: what it costs, and how near it is to the matrix products in it.
 *
 *     deno run -A tests/bench/step.ts [--large] [--tokens 2048] [--threads 2] [--repeats 3]
 *
 * The small model is the embedded one's shape, on two rows: one long document with 16 branches, and 16
 * short ones. `--large` is SmolLM2-135M's shape with random weights on a document of 2,048 tokens
 * with two answers of 128. Operations are those of the matrix products that the step has, as
 * `stepWork` counts them. Times are the least of the repeats: wall time, and CPU time of all threads,
 * which neighbours on the machine disturb less. With `--profile-operators` these are longer by what
 * looking takes.
 *
 * @module
 */

import { command, main, number, optimizerOptions, table, toggle } from "../../lib/cli/mod.ts";
import { profiled, profileFlags } from "../../lib/cli/mod.ts";
import { Random } from "../../lib/flow/mod.ts";
import { type ModelConfig, type PackedRow, packRow, parseConfig } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { AdamW, Learner, operations, type StepWork, trainStep } from "../../lib/train/mod.ts";
import { countedWork } from "./training/counted_work.ts";
import { layoutFlags } from "./training/layout.ts";
import { learnerOptions, type StepChoices, stepFlags } from "./training/step_flags.ts";
import { peakMemory } from "./training/peak_memory.ts";
import { watchPhases } from "./training/phases.ts";
import { ProductRate, type Rate } from "./training/product_rate.ts";
import { randomWeights } from "./training/random_model.ts";
import { smollm2 } from "./training/smollm2.ts";
import { type Cost, stopwatch } from "./training/stopwatch.ts";
import { temporaryFolder } from "./training/temporary_folder.ts";

const step = command({
  name: "step",
  summary: "Measures a training step phase by phase",
  examples: ["deno run -A tests/bench/step.ts --large"],
  flags: {
    large: toggle({ summary: "SmolLM2-135M's shape in place of the embedded model's" }),
    tokens: layoutFlags.tokens,
    layers: number({ summary: "Layers of the large model", integer: true, min: 1, default: 30 }),
    ...stepFlags,
    repeats: number({ summary: "Steps", integer: true, min: 1, default: 3 }),
    ...profileFlags,
  },
});

/** Equal documents: a trunk of random tokens, and branches alternately of both sides. */
interface RowShape {
  documents: number;
  trunk: number;
  branches: number;
  answer: number;
}

function randomRow({ documents, trunk, branches, answer }: RowShape, vocabulary: number) {
  const random = new Random(1);
  const ids = (count: number) => Array.from({ length: count }, () => random.int(vocabulary));
  return packRow(Array.from({ length: documents }, (_, at) => {
    const start = ids(trunk);
    const sequences = Array.from({ length: branches }, (_, branch) => {
      const side = branch % 2 === 0 ? "chosen" as const : "rejected" as const;
      // The first tokens differ, so that the trunk is as long as it is said to be.
      const tokens = [...start, branch, ...ids(answer - 1)];
      const turn = Math.floor(branch / 2);
      return {
        side,
        ids: tokens,
        turnOf: tokens.map((_, token) => token < trunk ? -1 : turn),
        inNll: tokens.map(() => side === "chosen"),
      };
    });
    const reference = () => Array.from({ length: Math.ceil(branches / 2) }, () => -10);
    return { id: `${at}`, sequences, referenceChosen: reference(), referenceRejected: reference() };
  }));
}

/** Operations by phase; where the model is one graph, all are that graph's. */
function operationsOf(work: StepWork): Record<string, number> {
  return {
    "layers forward": work.forward,
    "layers backward": work.recompute + work.backward,
    "head": work.head,
    "whole model": operations(work),
    "step": operations(work),
  };
}

const least = (a: Cost | undefined, b: Cost): Cost =>
  a ? { wall: Math.min(a.wall, b.wall), cpu: Math.min(a.cpu, b.cpu) } : b;

/** What steps are measured beside. */
interface Watches {
  /** What each phase cost since they were last asked for. */
  phases: () => Map<string, Cost>;
  /** Takes turns with the steps. */
  rate: ProductRate;
}

/** The least cost of each phase, and of the step under the name `step`. */
async function leastCosts(
  config: ModelConfig,
  row: PackedRow,
  { repeats, ...choices }: StepChoices & { repeats: number },
  { phases, rate }: Watches,
  signal: AbortSignal,
): Promise<Map<string, Cost>> {
  const parameters = randomWeights(config, choices.dtype);
  const { threads } = choices;
  const options = { objective: longpo, ...learnerOptions(choices) };
  await using learner = await Learner.open(config, parameters, options);
  await using scratch = await temporaryFolder();
  const update = optimizerOptions(choices, scratch.path);
  await using optimizer = await AdamW.open(learner.artifacts, parameters, update, { threads });
  const batch = { rows: [row], documents: row.documents.length, tokens: row.tokens.length };
  const best = new Map<string, Cost>();
  // The first step also makes the kernels ready and is left out.
  await trainStep(learner, optimizer, batch, 1e-4, signal);
  for (let turn = 0; turn < repeats; turn++) {
    await rate.sample();
    phases();
    const elapsed = stopwatch();
    await trainStep(learner, optimizer, batch, 1e-4, signal);
    const step = elapsed();
    for (const [phase, cost] of [...phases(), ["step", step] as const]) {
      best.set(phase, least(best.get(phase), cost));
    }
  }
  return best;
}

/** Prints what each phase cost, and which share of a product's rate the step had. */
function show(name: string, row: PackedRow, costs: Map<string, Cost>, work: StepWork, rate: Rate) {
  const counted = operationsOf(work);
  const perSecond = (phase: string, ms: number) => counted[phase] / 1e6 / ms;
  console.log(`\n${name}: ${row.tokens.length} tokens, ${row.predictions.row.length} predictions`);
  console.log(table([...costs].map(([phase, { wall, cpu }]) => ({
    phase,
    "wall ms": Math.round(wall),
    "CPU ms": Math.round(cpu),
    ...(phase in counted && {
      GFLOP: Math.round(counted[phase] / 1e9),
      "GFLOP/s wall": Math.round(perSecond(phase, wall)),
      "CPU": Math.round(perSecond(phase, cpu)),
    }),
  }))));
  const { wall, cpu } = costs.get("step")!;
  const share = (of: keyof Rate) =>
    `${(100 * perSecond("step", of === "wall" ? wall : cpu) / rate[of]).toFixed(0)} %`;
  console.log(
    `${share("wall")} of the product's rate by wall time, ${share("cpu")} by CPU time; ` +
      `${Math.round(1e3 * row.tokens.length / wall)} tokens/s`,
  );
}

const SMALL = parseConfig({
  model_type: "llama",
  rms_norm_eps: 1e-6,
  vocab_size: 600,
  hidden_size: 128,
  intermediate_size: 384,
  num_hidden_layers: 3,
  num_attention_heads: 4,
});

await main(step, async (flags, { signal, log }) => {
  const { large, tokens, layers, threads } = flags;
  await using _profile = await profiled(flags, log);
  const cases = large
    ? [{
      name: "SmolLM2-135M's shape",
      config: parseConfig(smollm2(layers)),
      shape: { documents: 1, trunk: tokens, branches: 2, answer: 128 },
    }]
    : [
      { documents: 1, trunk: 1100, name: "small, one long document" },
      { documents: 16, trunk: 140, name: "small, 16 short documents" },
    ].map(({ name, ...shape }) => ({
      name,
      config: SMALL,
      shape: { ...shape, branches: 16, answer: 12 },
    }));
  const phases = watchPhases();
  await using rate = await ProductRate.open(threads);
  for (const { name, config, shape } of cases) {
    const row = randomRow(shape, config.vocabSize);
    const costs = await leastCosts(config, row, flags, { phases, rate }, signal);
    show(name, row, costs, countedWork(config, [row], flags.segment), rate.sustained);
  }
  const tell = ({ wall, cpu }: Rate) => `${wall.toFixed(0)} (${cpu.toFixed(0)} by CPU time)`;
  console.log(
    `\na product of 2,048 x 576 x 1,536, in GFLOP/s: ${tell(rate.sustained)} over a second, ` +
      `${tell(rate.peak)} at its quickest`,
  );
  console.log(`peak memory of the process: ${(peakMemory() / 1e9).toFixed(2)} GB`);
});
