/**
 * A training step, phase by phase: what it costs, and how near it is to the matrix products in it.
 *
 *     deno run -A tests/bench/step.ts [--large] [--threads=1] [--whole] [--repeats=9]
 *
 * The small model is the embedded one's shape, on two rows: one long document with 16 branches, and 16
 * short ones. `--large` is SmolLM2-135M's shape with random weights on a document of 2,048 tokens
 * with two answers of 128. With `--whole` the model is one segment. Counted are the operations of the products that no way around is known of:
 * those of a forward, of a second forward (only the layers' inputs are kept) and of a backward, and
 * of scores only those that are seen. Times are the least of the repeats: wall time, and CPU time of
 * all threads, which neighbours on the machine disturb less.
 *
 * @module
 */

import process from "node:process";
import { Random } from "../../lib/flow/random.ts";
import {
  type ModelConfig,
  type PackedRow,
  packRow,
  parseConfig,
  randomParameters,
} from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { gemm, Graph, modelBytes } from "../../lib/onnx/mod.ts";
import { floats, Session } from "../../lib/runtime/mod.ts";
import { AdamW, Learner, trainStep } from "../../lib/train/mod.ts";

const flag = (name: string) => {
  const found = Deno.args.find((arg) => arg.startsWith(`--${name}`));
  return found && (found.split("=")[1] ?? "");
};
const large = flag("large") !== undefined;
const threads = Number(flag("threads") ?? 0);
const segment: "layer" | "model" = flag("whole") === undefined ? "layer" : "model";
const repeats = Number(flag("repeats") ?? (large ? 2 : 9));

/** Wall and CPU time since a start, in milliseconds. */
interface Cost {
  wall: number;
  cpu: number;
}

function watch(): () => Cost {
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { wall: performance.now() - started, cpu: (user + system) / 1000 };
  };
}

const PHASES: Readonly<Record<string, RegExp>> = {
  "embed": /^embed\/eval/,
  "layers forward": /^layer\/eval/,
  "head": /^head\//,
  "layers backward": /^layer\/training/,
  "embed backward": /^embed\/training/,
  "whole model": /^model\/training/,
  "optimiser": /^(optimizer|sum_of_squares)/,
};

let phases = new Map<string, Cost>();
const run = Session.prototype.run;
Session.prototype.run = async function (...args) {
  const elapsed = watch();
  const outputs = await run.apply(this, args);
  const name = Object.keys(PHASES).find((phase) => PHASES[phase].test(this.name)) ?? this.name;
  const { wall, cpu } = elapsed();
  const sum = phases.get(name) ?? { wall: 0, cpu: 0 };
  phases.set(name, { wall: sum.wall + wall, cpu: sum.cpu + cpu });
  return outputs;
};

/** A row of equal documents: a trunk of random tokens, and branches alternately of both sides. */
function row(
  random: Random,
  { documents, trunk, branches, answer, vocabulary }: Record<string, number>,
): PackedRow {
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

/** Pairs of a query and a key that it sees. */
function visiblePairs({ document, branch }: PackedRow): number {
  let pairs = 0;
  for (let query = 0; query < document.length; query++) {
    for (let key = query; key >= 0 && document[key] === document[query]; key--) {
      if (branch[key] === 0 || branch[key] === branch[query]) pairs++;
    }
  }
  return pairs;
}

/** Operations of a step's products, in GFLOP: layers forward, layers backward, head. */
function operations(config: ModelConfig, row: PackedRow): Record<string, number> {
  const { hiddenSize, intermediateSize, headCount, keyValueHeadCount, headSize } = config;
  const [q, kv] = [headCount * headSize, keyValueHeadCount * headSize];
  const weights = hiddenSize * (2 * q + 2 * kv + 3 * intermediateSize);
  const product = 2 * row.tokens.length * weights;
  const scores = 2 * visiblePairs(row) * q;
  const logits = 2 * row.predictions.row.length * config.vocabSize * hiddenSize;
  return {
    "layers forward": config.layerCount * (product + 2 * scores) / 1e9,
    "layers backward": config.layerCount * (3 * product + 7 * scores) / 1e9,
    "head": 4 * logits / 1e9,
  };
}

/** The rate of a product of 2,048 x 576 x 1,536, in GFLOP/s: the most of several. */
async function productRate(): Promise<{ wall: number; cpu: number }> {
  const [m, k, n] = [2048, 576, 1536];
  const g = new Graph("product");
  g.output("y", gemm(g, g.input("a", "float32", [m, k]), g.input("b", "float32", [k, n])));
  await using session = await Session.open(modelBytes(g), { threads });
  const feeds = {
    a: floats(new Float32Array(m * k).fill(0.5), [m, k]),
    b: floats(new Float32Array(k * n).fill(0.5), [k, n]),
  };
  // The output is written in place, so that no fresh memory is paid for.
  const into = { y: floats(new Float32Array(m * n), [m, n]) };
  let best = { wall: 0, cpu: 0 };
  for (let turn = 0; turn < 20; turn++) {
    const elapsed = watch();
    await run.call(session, feeds, into);
    const { wall, cpu } = elapsed();
    const gflop = 2 * m * k * n / 1e9;
    best = {
      wall: Math.max(best.wall, 1e3 * gflop / wall),
      cpu: Math.max(best.cpu, 1e3 * gflop / cpu),
    };
  }
  return best;
}

const least = (a: Cost | undefined, b: Cost): Cost =>
  a ? { wall: Math.min(a.wall, b.wall), cpu: Math.min(a.cpu, b.cpu) } : b;

async function measure(name: string, config: ModelConfig, row: PackedRow): Promise<void> {
  const parameters = randomParameters(config, 1);
  const options = { objective: longpo, threads, segment };
  await using learner = await Learner.open(config, parameters, options);
  await using optimizer = await AdamW.open(learner.artifacts, parameters, {}, { threads });
  const { documents } = row;
  const batch = { rows: [row], documents: documents.length, tokens: row.tokens.length };

  const best = new Map<string, Cost>();
  for (let turn = 0; turn <= repeats; turn++) {
    phases = new Map();
    const elapsed = watch();
    await trainStep(learner, optimizer, batch, 1e-4);
    const whole = elapsed();
    // The first step also makes the kernels ready and is left out.
    if (turn === 0) continue;
    for (const [phase, cost] of [...phases, ["step", whole] as const]) {
      best.set(phase, least(best.get(phase), cost));
    }
  }

  const counted = operations(config, row);
  const total = Object.values(counted).reduce((sum, gflop) => sum + gflop, 0);
  console.log(`\n${name}: ${row.tokens.length} tokens, ${row.predictions.row.length} predictions`);
  console.log("phase             wall ms    CPU ms     GFLOP  GFLOP/s wall   CPU");
  for (const phase of [...Object.keys(PHASES), "step"]) {
    const cost = best.get(phase);
    if (!cost) continue;
    const gflop = phase === "step" ? total : counted[phase];
    const figures = gflop === undefined ? [] : [
      gflop.toFixed(1).padStart(9),
      (1e3 * gflop / cost.wall).toFixed(0).padStart(13),
      (1e3 * gflop / cost.cpu).toFixed(0).padStart(5),
    ];
    const times = [cost.wall, cost.cpu].map((ms) => ms.toFixed(1).padStart(10));
    console.log([phase.padEnd(15), ...times, ...figures].join(" "));
  }
  const { wall, cpu } = best.get("step")!;
  const rate = (ms: number) => Math.round(1e3 * row.tokens.length / ms);
  console.log(`${rate(wall)} tokens/s by wall time, ${rate(cpu)} by CPU time`);
}

const random = new Random(1);
const llama = (shape: Record<string, number | boolean>) =>
  parseConfig({ model_type: "llama", rms_norm_eps: 1e-6, ...shape });

const rate = await productRate();
console.log(
  `a product of 2,048 x 576 x 1,536: ${rate.wall.toFixed(0)} GFLOP/s by wall time, ` +
    `${rate.cpu.toFixed(0)} by CPU time`,
);
if (large) {
  const config = llama({
    vocab_size: 49152,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: Number(flag("layers") ?? 30),
    num_attention_heads: 9,
    num_key_value_heads: 3,
    tie_word_embeddings: true,
  });
  const shape = { documents: 1, trunk: Number(flag("tokens") ?? 2048), branches: 2, answer: 128 };
  await measure("SmolLM2-135M's shape", config, row(random, { ...shape, vocabulary: 49152 }));
} else {
  const vocabulary = 600;
  const config = llama({
    vocab_size: vocabulary,
    hidden_size: 128,
    intermediate_size: 384,
    num_hidden_layers: 3,
    num_attention_heads: 4,
  });
  const shape = { branches: 16, answer: 12, vocabulary };
  const long = row(random, { documents: 1, trunk: 1100, ...shape });
  await measure("small, one long document", config, long);
  const short = row(random, { documents: 16, trunk: 140, ...shape });
  await measure("small, 16 short documents", config, short);
}
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(`\npeak memory of the process: ${peak} MiB`);
