/**
 * Training and sampling at once: what each keeps of its pace, by the threads of the runtime.
 *
 *     deno run -A tests/bench/threads.ts [--seconds=4] [--threads=1,2] [--wide]
 *
 * One model is trained on a row of one long document with answers, and the embedded one answers
 * questions on documents, which are tokenised for each call: in loops of their own, for some
 * seconds each, first alone and then together, for every pair of thread numbers of trainer and
 * sampler. The trainer's is a copy of the embedded model, or with `--wide` two layers of
 * SmolLM2-135M's width. A share is the pace together as a part of the best pace alone; a gap is the
 * longest time between two turns of a timer.
 *
 * @module
 */

import { worldDocuments } from "../../examples/world/documents.ts";
import { WORLD_MODEL } from "../../examples/world/embedded.ts";
import { table } from "../../lib/cli/mod.ts";
import { Random } from "../../lib/flow/random.ts";
import { localSampler } from "../../lib/generate/mod.ts";
import { loadModel, packRow, parseConfig, randomParameters } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { AdamW, Learner, trainStep } from "../../lib/train/mod.ts";
import { randomDocument } from "../support/random_document.ts";

const flag = (name: string) =>
  Deno.args.find((arg) => arg.startsWith(`--${name}`))?.replace(/^[^=]*=?/, "");
const seconds = Number(flag("seconds") ?? 4);
const threadNumbers = (flag("threads") ?? "1,2").split(",").map(Number);
const wide = flag("wide") !== undefined;

const model = await loadModel(WORLD_MODEL);
const texts: string[] = [];
for await (const { text } of worldDocuments({ count: 8, tokens: 1000, seed: 1 })()) {
  texts.push(text);
}

/** Work that goes on in portions until it is told to stop. */
interface Worker extends AsyncDisposable {
  /** Does one portion and gives how much it was. */
  work(): Promise<number>;
}

async function openTrainer(threads: number): Promise<Worker> {
  const config = wide
    ? parseConfig({
      model_type: "llama",
      vocab_size: 2048,
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 2,
      num_attention_heads: 9,
      num_key_value_heads: 3,
    })
    : model.config;
  const parameters = randomParameters(config, 1);
  const learner = await Learner.open(config, parameters, { objective: longpo, threads });
  const optimizer = await AdamW.open(learner.artifacts, parameters, {}, { threads });
  const shape = {
    id: "row",
    vocabulary: config.vocabSize,
    trunk: 1000,
    answers: [[12, 12]] as const,
  };
  const row = packRow([randomDocument(new Random(1), shape)]);
  const batch = { rows: [row], documents: 1, tokens: row.tokens.length };
  return {
    async work() {
      await trainStep(learner, optimizer, batch, 1e-4);
      return 1;
    },
    async [Symbol.asyncDispose]() {
      await optimizer[Symbol.asyncDispose]();
      await learner[Symbol.asyncDispose]();
    },
  };
}

async function openSampler(threads: number): Promise<Worker> {
  const sampler = await localSampler(model, { threads });
  const ask = (text: string, question: number) => [...model.tokenizer.encode(text), question];
  return {
    async work() {
      const prompts = texts.flatMap((text) => Array.from({ length: 4 }, (_, at) => ask(text, at)));
      const answers = await sampler.generateTokens(prompts, { maxTokens: 12, endTokenIds: [] });
      return answers.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
    },
    [Symbol.asyncDispose]: () => sampler[Symbol.asyncDispose](),
  };
}

/** Portions a second, of workers that work side by side. */
async function paces(workers: readonly Worker[]): Promise<number[]> {
  for (const worker of workers) await worker.work();
  const end = performance.now() + 1000 * seconds;
  return await Promise.all(workers.map(async (worker) => {
    const start = performance.now();
    let done = 0;
    while (performance.now() < end) done += await worker.work();
    return 1000 * done / (performance.now() - start);
  }));
}

/** Milliseconds between two turns of a timer, at most. */
function watchGaps(): { longest: number } & Disposable {
  const gaps = { longest: 0, [Symbol.dispose]: () => clearInterval(timer) };
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    gaps.longest = Math.max(gaps.longest, now - last);
    last = now;
  }, 1);
  return gaps;
}

async function alone(opened: Worker): Promise<{ pace: number; gap: number }> {
  await using worker = opened;
  using gaps = watchGaps();
  const [pace] = await paces([worker]);
  return { pace, gap: Math.round(gaps.longest) };
}

const rows: Record<string, number | string>[] = [];
const best = { steps: 0, tokens: 0 };
const round = (value: number) => Number(value.toPrecision(3));

for (const threads of threadNumbers) {
  const steps = await alone(await openTrainer(threads));
  const tokens = await alone(await openSampler(threads));
  best.steps = Math.max(best.steps, steps.pace);
  best.tokens = Math.max(best.tokens, tokens.pace);
  rows.push(
    { work: "steps alone", training: threads, "steps/s": round(steps.pace), "gap ms": steps.gap },
    {
      work: "sampling alone",
      sampling: threads,
      "tokens/s": round(tokens.pace),
      "gap ms": tokens.gap,
    },
  );
}
for (const training of threadNumbers) {
  for (const sampling of threadNumbers) {
    await using trainer = await openTrainer(training);
    await using sampler = await openSampler(sampling);
    using gaps = watchGaps();
    const [steps, tokens] = await paces([trainer, sampler]);
    rows.push({
      work: "together",
      training,
      sampling,
      "steps/s": round(steps),
      "tokens/s": round(tokens),
      "share of steps": round(steps / best.steps),
      "share of tokens": round(tokens / best.tokens),
      "gap ms": Math.round(gaps.longest),
    });
  }
}
const columns = ["work", "training", "sampling", "steps/s", "tokens/s"];
console.log(table(rows, { columns: [...columns, "share of steps", "share of tokens", "gap ms"] }));
