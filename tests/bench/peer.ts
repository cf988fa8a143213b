/**
 * A training step beside PyTorch and transformers: how many a second, and the most memory.
 *
 *     deno run -A tests/bench/peer.ts --python path/to/python [--tokens 2048] [--answers 128]
 *         [--best [--checkpointing]] [--repeats 5] [--threads 2] [--json FILE]
 *
 * The sides take turns, every run is a process of its own, and each measures one step: see
 * `training/one_step.ts` and `training/peer.py`. Both read the same weights and tokens and score the
 * answers on the same short context; unless loss, its terms and the gradients' norm agree there is
 * no ratio.
 *
 * The peer's step is the released trainer's on one device. `--best` is as little as it can be made
 * to compute: reference log-probs from before, logits and NLL of answers only, and nothing twice,
 * unless `--checkpointing` says so where memory does not suffice. Our step then has the NLL of
 * answers only too; the rest of it is the same.
 *
 * @module
 */

import { command, main, number, string, toggle, writeJson } from "../../lib/cli/mod.ts";
import { loadConfig } from "../../lib/model/mod.ts";
import { agreement } from "./training/agreement.ts";
import { alternate, runsOf } from "./training/alternate.ts";
import { figureTable } from "./training/figure_table.ts";
import { medianFigures } from "./training/figures.ts";
import { type Layout, layoutDocuments, layoutFlags } from "./training/layout.ts";
import { stepChoices, stepFlags } from "./training/step_flags.ts";
import { modelFlags, openModel } from "./training/model_flags.ts";
import { ourStep } from "./training/our_side.ts";
import { peerCase, type PeerOptions, peerStep, peerVersions } from "./training/peer_side.ts";
import { temporaryFolder } from "./training/temporary_folder.ts";
import { warmUpLayout } from "./training/warm_up.ts";

const peer = command({
  name: "peer",
  summary: "Measures a training step beside PyTorch's",
  examples: [
    "deno run -A tests/bench/peer.ts --python ../peer/bin/python",
    "deno run -A tests/bench/peer.ts --python ../peer/bin/python --best",
    "deno run -A tests/bench/peer.ts --python ../peer/bin/python --tokens 8192 --answers 256",
  ],
  flags: {
    python: string({
      summary: "A Python with torch, transformers and safetensors",
      value: "path",
      default: "python3",
    }),
    tokens: layoutFlags.tokens,
    answers: layoutFlags.answers,
    ...stepFlags,
    best: toggle({ summary: "Beside the peer's best case" }),
    checkpointing: toggle({ summary: "Let the peer's best case compute layers twice, to fit" }),
    repeats: number({ summary: "Runs of each side", integer: true, min: 1, default: 5 }),
    ...modelFlags,
    json: string({ summary: "File for every run and the ratios", value: "file" }),
  },
});

/** The tokens that the peer trains on, in a file. */
async function writeCases(folder: string, layout: Layout, vocabulary: number): Promise<string> {
  const only = (of: Layout) => peerCase(layoutDocuments(of, vocabulary)[0]);
  const path = `${folder}/cases.json`;
  const cases = { warmUp: only(warmUpLayout(layout)), measured: only(layout) };
  await Deno.writeTextFile(path, JSON.stringify(cases));
  return path;
}

await main(peer, async (flags, { signal, log }) => {
  const { python, best, checkpointing, repeats, json, tokens, answers } = flags;
  const versions = await peerVersions(python, signal);
  await using folder = await openModel(flags);
  await using scratch = await temporaryFolder();
  const model = folder.path;
  const { vocabSize } = await loadConfig(model);

  const nll = best ? "answers" : "all";
  const layout: Layout = { documents: 1, rows: 1, turns: 1, tokens, answers, nll };
  const choices = stepChoices(flags);
  const peerOptions: PeerOptions = {
    model,
    cases: await writeCases(scratch.path, layout, vocabSize),
    threads: flags.threads,
    maxGradNorm: flags.maxGradNorm,
    checkpointing: checkpointing || !best,
    logits: nll,
    reference: best ? "cached" : "model",
  };
  const sides = [
    { name: "ours", run: () => ourStep({ ...layout, ...choices, model }, signal) },
    { name: "peer", run: () => peerStep(python, peerOptions, signal) },
  ];
  const runs = await alternate(sides, repeats, log);
  const [ours, theirs] = sides.map(({ name }) => medianFigures(runsOf(runs, name)));
  console.log(figureTable([
    ...runs,
    { side: "ours, median", figures: ours },
    { side: "peer, median", figures: theirs },
  ]));

  const apart = agreement(ours, theirs);
  const ratios = {
    stepsPerSecond: theirs.seconds / ours.seconds,
    peakMemory: ours.peakBytes / theirs.peakBytes,
  };
  const shown = Object.entries(apart).map(([name, by]) => `${name} ${by.toExponential(1)}`);
  console.log(`\nrelative differences: ${shown.join(", ")}`);
  console.log(
    `ours over the peer's: ${ratios.stepsPerSecond.toFixed(2)} in steps a second, ` +
      `${ratios.peakMemory.toFixed(2)} in peak memory`,
  );
  if (json === undefined) return;
  await writeJson(json, { versions, layout, choices, peer: peerOptions, runs, apart, ratios });
});
