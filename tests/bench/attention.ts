/**
 * Blockwise attention alone: how near it is to the matrix products in it, by the row's length.
 *
 *     deno run -A tests/bench/attention.ts [--threads=1] [--repeats=3] [2048 8192 32768]
 *
 * Heads are those of SmolLM2-135M, and a row is one document with two answers of 128 tokens. Counted
 * are the products' operations for scores that are seen: two products forward, five backward. Times
 * are the least of the repeats: wall time, and CPU time of all threads, which neighbours on the
 * machine disturb less. Memory is the most that the process had so far.
 *
 * @module
 */

import process from "node:process";
import { Random } from "../../lib/flow/random.ts";
import { rowAttention } from "../../lib/model/blocks/row_attention.ts";
import { layerInputs, parseConfig, type RowMarks } from "../../lib/model/mod.ts";
import {
  evalGraph,
  gemm,
  Graph,
  modelBytes,
  type Segment,
  trainingGraph,
} from "../../lib/onnx/mod.ts";
import { floats, type HostTensor, Session, type Tensors } from "../../lib/runtime/mod.ts";

const flag = (name: string, otherwise: number) =>
  Number(Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const threads = flag("threads", 0);
const repeats = flag("repeats", 3);
const lengths = Deno.args.filter((arg) => /^\d+$/.test(arg)).map(Number);

const config = parseConfig({
  model_type: "llama",
  vocab_size: 49152,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 1,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  rms_norm_eps: 1e-6,
});
const { headCount, keyValueHeadCount, headSize } = config;
const widths = { q: headCount * headSize, k: keyValueHeadCount * headSize };

/** Attention as a segment of a chain. */
const attention: Segment = {
  name: "attention",
  build(g) {
    const flowing = [["q", widths.q], ["k", widths.k], ["v", widths.k]] as const;
    const [q, k, v] = flowing.map(([name, width]) => g.input(name, "float32", ["tokens", width]));
    const { attend, kept } = rowAttention(g, config);
    const outputs = { mixed: attend(q, k, v) };
    return { flowing: [q, k, v], parameters: [], outputs, differentiable: "mixed", kept };
  },
};

/** A trunk and branches. */
function marks(trunk: number, branches: number, answer: number): RowMarks {
  const tokens = trunk + branches * answer;
  const branchOf = (at: number) => at < trunk ? 0 : 1 + Math.floor((at - trunk) / answer);
  const branch = Int32Array.from({ length: tokens }, (_, at) => branchOf(at));
  const position = branch.map((branch, at) => branch === 0 ? at : at - (branch - 1) * answer);
  return { document: new Int32Array(tokens), branch, position };
}

interface Cost {
  wall: number;
  cpu: number;
}

/** The least that a run costs, in milliseconds; the first, which makes memory ready, is left out. */
async function least(turns: number, run: () => Promise<unknown>): Promise<Cost> {
  await run();
  const best = { wall: Infinity, cpu: Infinity };
  for (let turn = 0; turn < turns; turn++) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    await run();
    const { user, system } = process.cpuUsage(before);
    best.wall = Math.min(best.wall, performance.now() - started);
    best.cpu = Math.min(best.cpu, (user + system) / 1000);
  }
  return best;
}

function line(name: string, gflop: number, { wall, cpu }: Cost): string {
  const figures = [wall, cpu, gflop].map((value) => value.toFixed(1).padStart(10));
  const rates = [wall, cpu].map((ms) => (1e3 * gflop / ms).toFixed(0).padStart(8));
  return [name.padEnd(20), ...figures, ...rates].join("");
}

/** Room for what a run gives, so that no fresh memory is paid for. */
const likes = (tensors: Tensors): Record<string, HostTensor> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape }]) =>
      [name, floats(new Float32Array(data.length), shape)] as const
    ),
  );

async function product(): Promise<void> {
  const [m, k, n] = [2048, 576, 1536];
  const g = new Graph("product");
  g.output("y", gemm(g, g.input("a", "float32", [m, k]), g.input("b", "float32", [k, n])));
  await using session = await Session.open(modelBytes(g), { threads });
  const half = (...shape: number[]) =>
    floats(new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5), shape);
  const [feeds, into] = [{ a: half(m, k), b: half(k, n) }, { y: half(m, n) }];
  const cost = await least(20, () => session.run(feeds, into));
  console.log(line("2048 x 576 x 1536", 2 * m * k * n / 1e9, cost));
}

async function measure(trunk: number): Promise<void> {
  const [branches, answer] = [2, 128];
  const row = marks(trunk, branches, answer);
  const tokens = row.document.length;
  const sum = (count: number) => count * (count + 1) / 2;
  const pairs = sum(trunk) + branches * (trunk * answer + sum(answer));

  const random = new Random(1);
  const some = (width: number) =>
    floats(Float32Array.from({ length: tokens * width }, () => random.next() - 0.5), [
      tokens,
      width,
    ]);
  const inputs = {
    q: some(widths.q),
    k: some(widths.k),
    v: some(widths.k),
    ...layerInputs(row, config, { name: "layer", rotary: false }),
  };
  await using forward = await Session.open(modelBytes(evalGraph(attention, { keep: true })), {
    threads,
  });
  const kept = await forward.run(inputs);
  console.log(
    line(
      `${tokens} forward`,
      4 * pairs * widths.q / 1e9,
      await least(repeats, () => forward.run(inputs, kept)),
    ),
  );
  await using backward = await Session.open(modelBytes(trainingGraph(attention)), { threads });
  const taken = { ...inputs, ...kept, mixed_grad: some(widths.q) };
  const gradients = await backward.run(taken);
  const into = likes(gradients);
  console.log(
    line(
      `${tokens} backward`,
      10 * pairs * widths.q / 1e9,
      await least(repeats, () => backward.run(taken, into)),
    ),
  );
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`${tokens} tokens: ${peak} MiB at most`);
}

console.log("                       wall ms    CPU ms     GFLOP  GFLOP/s wall, CPU");
await product();
for (const length of lengths.length > 0 ? lengths : [2048, 8192, 32768]) await measure(length);
