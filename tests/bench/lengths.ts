/**
 * A training step's memory and time against the length of the document.
 *
 *     deno run -A tests/bench/lengths.ts [--tokens 2048 --tokens 4096 ...] [--answers 256]
 *         [--threads 2] [--json FILE]
 *
 * Every length is a process of its own, whose memory is the most that it had resident. Through
 * memory goes a line, with the share of the variance that it explains.
 *
 * @module
 */

import { command, main, repeated, string, writeJson } from "../../lib/cli/mod.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { alternate } from "./training/alternate.ts";
import { figureTable } from "./training/figure_table.ts";
import { layoutFlags } from "./training/layout.ts";
import { stepChoices, stepFlags } from "./training/step_flags.ts";
import { fitLine } from "./training/line.ts";
import { modelFlags, openModel } from "./training/model_flags.ts";
import { ourStep } from "./training/our_side.ts";

const LENGTHS = [2048, 4096, 8192, 16384, 32768];

const lengths = command({
  name: "lengths",
  summary: "Measures a training step at several lengths of document",
  examples: ["deno run -A tests/bench/lengths.ts --tokens 2048 --tokens 8192 --tokens 32768"],
  flags: {
    tokens: {
      ...repeated({ ...layoutFlags.tokens, default: undefined }),
      standard: LENGTHS.join(", "),
    },
    answers: { ...layoutFlags.answers, default: 256 },
    nll: layoutFlags.nll,
    ...stepFlags,
    ...modelFlags,
    json: string({ summary: "File for all figures", value: "file" }),
  },
});

await main(lengths, async (flags, { signal, log }) => {
  const { answers, nll, json } = flags;
  const tokens = flags.tokens.length > 0 ? flags.tokens : LENGTHS;
  if (new Set(tokens).size < 2) {
    throw new UserError("A line needs two lengths at least", { hint: "Give --tokens twice" });
  }
  await using model = await openModel(flags);
  const shared = { answers, nll, ...stepChoices(flags), model: model.path };
  const sides = tokens.map((length) => ({
    name: `document of ${length.toLocaleString("en")}`,
    run: () => ourStep({ ...shared, tokens: length }, signal),
  }));
  const runs = await alternate(sides, 1, log);
  console.log(figureTable(runs));

  const line = fitLine(runs.map(({ figures }) => [figures.tokens, figures.peakBytes]));
  console.log(
    `\npeak memory: ${(line.intercept / 1e9).toFixed(2)} GB and ` +
      `${(1024 * line.slope / 1e6).toFixed(0)} MB for each 1,024 tokens, ` +
      `R² ${line.explained.toFixed(4)}`,
  );
  if (json !== undefined) await writeJson(json, { ...shared, runs, line });
});
