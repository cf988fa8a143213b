/**
 * Greedy decoding beside transformers: how many new tokens a second, prompts included.
 *
 *     deno run -A tests/bench/generate_peer.ts --python path/to/python [--repeats 5] [--threads 2]
 *         [--model MODEL] [--new-tokens 128] [--only TEXT] [--json FILE]
 *
 * Both sides read the same float32 weights from one folder, stay loaded, take turns, and are timed
 * from the prompts to the last token of the last answer; no token ends an answer. The peer is
 * `model.generate` on all prompts as one batch, with its cache and fused attention, and once more
 * with the cache of what prompts have in common copied by hand. Told are medians, and the median of
 * the ratios of runs that follow each other. There is no ratio unless both write the same tokens.
 *
 * @module
 */

import { command, main, number, string, table, writeJson } from "../../lib/cli/mod.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { TokenSampler } from "../../lib/generate/mod.ts";
import { loadConfig, loadModel, readParameters, saveModel } from "../../lib/model/mod.ts";
import { type Answered, type Job, jobs } from "./generation/jobs.ts";
import { PeerProcess } from "./generation/peer_process.ts";
import { median } from "./training/figures.ts";
import { modelFlags } from "./training/model_flags.ts";
import { peerVersions } from "./training/peer_side.ts";
import { writeRandomModel } from "./training/random_model.ts";
import { temporaryFolder } from "./training/temporary_folder.ts";

const count = (summary: string, standard: number) =>
  number({ summary, default: standard, integer: true, min: 1 });

const generatePeer = command({
  name: "generate_peer",
  summary: "Measures greedy decoding beside transformers.generate",
  examples: [
    "deno run -A tests/bench/generate_peer.ts --python ../peer/bin/python",
    "deno run -A tests/bench/generate_peer.ts --python ../peer/bin/python --only 'on 2,048'",
  ],
  flags: {
    python: string({
      summary: "A Python with torch, transformers and safetensors",
      value: "path",
      default: "python3",
    }),
    repeats: count("Runs of each side", 5),
    threads: count("Threads of both sides", 2),
    newTokens: count("New tokens of every answer", 128),
    only: string({ summary: "Only jobs with this in their name", value: "text" }),
    layers: modelFlags.layers,
    model: string({
      summary: "Folder, .gguf file or hub name; random weights of SmolLM2-135M's shape without it",
      value: "model",
    }),
    json: string({ summary: "File for every run and the ratios", value: "file" }),
  },
});

/** One run of each side. */
interface Round {
  ours: Answered;
  peer: Answered;
}

/** Refuses rounds in which the sides did not write the same. */
function checkTokens({ name, prompts }: Job, { ours, peer }: Round): void {
  for (const prompt of prompts.keys()) {
    const [mine, theirs] = [ours.tokens[prompt], peer.tokens[prompt]];
    const differs = mine.findIndex((id, at) => id !== theirs[at]);
    if (differs < 0 && mine.length === theirs.length) continue;
    throw new UserError(
      `${name}: the sides part at token ${differs + 1} of answer ${prompt + 1}, ` +
        `${mine[differs]} here and ${theirs[differs]} there`,
      { hint: "Their times cannot be compared" },
    );
  }
}

async function answer(sampler: TokenSampler, { prompts, newTokens }: Job): Promise<Answered> {
  const started = performance.now();
  const answers = await sampler.generate(prompts, { maxTokens: newTokens });
  const seconds = (performance.now() - started) / 1000;
  return { seconds, tokens: answers.map(({ tokenIds }) => tokenIds) };
}

/** Runs both sides in turns, after a short one that warms up. */
async function measure(job: Job, sampler: TokenSampler, peer: PeerProcess, repeats: number) {
  const short = { ...job, newTokens: Math.min(job.newTokens, 2) };
  await answer(sampler, short);
  await peer.run(short);
  const rounds: Round[] = [];
  for (let round = 0; round < repeats; round++) {
    rounds.push({ ours: await answer(sampler, job), peer: await peer.run(job) });
  }
  for (const round of rounds) checkTokens(job, round);
  const tokens = job.prompts.length * job.newTokens;
  return {
    job: job.name,
    ours: median(rounds.map(({ ours }) => tokens / ours.seconds)),
    peer: median(rounds.map(({ peer }) => tokens / peer.seconds)),
    ratio: median(rounds.map(({ ours, peer }) => peer.seconds / ours.seconds)),
    seconds: rounds.map(({ ours, peer }) => ({ ours: ours.seconds, peer: peer.seconds })),
  };
}

/** Writes the model that both sides read. */
async function writeModel(folder: string, model: string | undefined, layers: number) {
  if (model === undefined) await writeRandomModel(folder, layers);
  else await saveModel(await loadModel(model), folder, { overwrite: true });
}

await main(generatePeer, async (flags, { signal, log }) => {
  const { python, threads, newTokens, only = "", repeats, model, layers, json } = flags;
  const versions = await peerVersions(python, signal);
  await using folder = await temporaryFolder();
  await writeModel(folder.path, model, layers);
  const config = await loadConfig(folder.path);
  const parameters = await readParameters(folder.path, config, signal);

  await using peer = await PeerProcess.open({ python, model: folder.path, threads, signal });
  await using sampler = await TokenSampler.open(config, parameters, { threads });
  const results: Awaited<ReturnType<typeof measure>>[] = [];
  for (const job of jobs(config.vocabSize, newTokens)) {
    if (!job.name.includes(only)) continue;
    log.info(job.name);
    results.push(await measure(job, sampler, peer, repeats));
  }
  const rows = results.map(({ job, ours, peer, ratio }) => ({
    job,
    "ours, tokens/s": ours.toFixed(1),
    "peer, tokens/s": peer.toFixed(1),
    ratio: ratio.toFixed(2),
  }));
  console.log(table(rows));
  if (json !== undefined) await writeJson(json, { versions, threads, newTokens, results });
});
