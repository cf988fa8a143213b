/**
 * Layouts of a training step beside each other: turns of one conversation, and documents in a row.
 *
 *     deno run -A tests/bench/layouts.ts [--only turns|packed] [--answers 128] [--repeats 3]
 *         [--threads 2] [--json FILE]
 *
 * - `turns`: four turns on one document of 8,192 tokens against one turn on it. Each turn has both
 *   answers of `--answers` tokens and, but for the first, a question of 32.
 * - `packed`: two documents of 4,096 tokens in one row against the same two in a row each. Both are
 *   one optimiser step, and must give the same loss.
 *
 * The sides take turns, and every run is a process of its own. Beside the ratio of times stands that
 * of the products' operations, which is what more turns cost where all of them run at one rate.
 *
 * @module
 */

import { choice, command, main, number, string, writeJson } from "../../lib/cli/mod.ts";
import { agreement } from "./training/agreement.ts";
import { alternate, runsOf } from "./training/alternate.ts";
import { figureTable } from "./training/figure_table.ts";
import { type Figures, medianFigures } from "./training/figures.ts";
import { type Layout, layoutFlags } from "./training/layout.ts";
import { stepChoices, stepFlags } from "./training/step_flags.ts";
import { modelFlags, openModel } from "./training/model_flags.ts";
import { ourStep } from "./training/our_side.ts";

/** Two layouts, and what is the same in both. */
interface Comparison {
  /** What is measured, by name. */
  layouts: Readonly<Record<string, Partial<Layout>>>;
  /** Throws if what the two gave is not what it should be. */
  check?: (one: Figures, other: Figures) => void;
}

const comparisons = (tokens: number): Record<"turns" | "packed", Comparison> => ({
  turns: {
    layouts: { "four turns": { tokens, turns: 4 }, "one turn": { tokens, turns: 1 } },
  },
  packed: {
    layouts: {
      "two packed": { tokens: tokens / 2, documents: 2, rows: 1 },
      "two alone": { tokens: tokens / 2, documents: 2, rows: 2 },
    },
    check: agreement,
  },
});

const layouts = command({
  name: "layouts",
  summary: "Measures layouts of a training step beside each other",
  examples: ["deno run -A tests/bench/layouts.ts --only packed --repeats 5"],
  flags: {
    only: choice({ summary: "The one comparison that is made", choices: ["turns", "packed"] }),
    tokens: { ...layoutFlags.tokens, summary: "Tokens of the document, or of both", default: 8192 },
    answers: layoutFlags.answers,
    nll: layoutFlags.nll,
    ...stepFlags,
    ...modelFlags,
    repeats: number({ summary: "Runs of each layout", integer: true, min: 1, default: 3 }),
    json: string({ summary: "File for every run and the ratios", value: "file" }),
  },
});

await main(layouts, async (flags, { signal, log }) => {
  const { only, tokens, answers, nll, repeats, json } = flags;
  await using model = await openModel(flags);
  const shared = { answers, nll, ...stepChoices(flags), model: model.path };
  const report: Record<string, unknown> = {};
  for (const [name, { layouts, check }] of Object.entries(comparisons(tokens))) {
    if (only !== undefined && only !== name) continue;
    const sides = Object.entries(layouts).map(([name, layout]) => ({
      name,
      run: () => ourStep({ ...shared, ...layout }, signal),
    }));
    const runs = await alternate(sides, repeats, log);
    const medians = sides.map(({ name }) => ({
      side: `${name}, median`,
      figures: medianFigures(runsOf(runs, name)),
    }));
    console.log(figureTable([...runs, ...medians]));
    const [one, other] = medians.map(({ figures }) => figures);
    check?.(one, other);
    const ratio = one.seconds / other.seconds;
    const operations = one.gflop! / other.gflop!;
    console.log(
      `${sides[0].name} over ${sides[1].name}: ${ratio.toFixed(3)} in time, ` +
        `${operations.toFixed(3)} in operations\n`,
    );
    report[name] = { runs, ratio, operations };
  }
  if (json !== undefined) await writeJson(json, { ...shared, tokens, ...report });
});
