/**
 * Writes three random layouts and what PyTorch gives for them to tests/golden/layouts.json.
 *
 *     deno run -A tests/oracle/layouts_golden.ts --python path/to/python
 *
 * The widths are SmolLM2-135M's and the weights random, with 4 layers of its 30, so that a test can
 * make them again from their seed. PyTorch computes in float64, each sequence whole and alone.
 *
 * @module
 */

import { command, main, string } from "../../lib/cli/mod.ts";
import { writeRandomModel } from "../bench/training/random_model.ts";
import { smollm2 } from "../bench/training/smollm2.ts";
import { temporaryFolder } from "../bench/training/temporary_folder.ts";
import { type GoldenLayout, layoutCases } from "../support/layout_cases.ts";
import { PythonChild } from "../support/python_child.ts";

const LAYERS = 4;

const layoutsGolden = command({
  name: "layouts_golden",
  summary: "Writes what PyTorch gives for three random layouts",
  examples: ["deno run -A tests/oracle/layouts_golden.ts --python ../oracle/bin/python"],
  flags: {
    python: string({
      summary: "A Python with torch, transformers and safetensors",
      value: "path",
      default: "python3",
    }),
  },
});

await main(layoutsGolden, async ({ python }, { log }) => {
  await using folder = await temporaryFolder();
  await writeRandomModel(folder.path, LAYERS);
  const config = smollm2(LAYERS);
  const vocabulary = config.vocab_size as number;
  const script = new URL("layouts.py", import.meta.url);
  await using child = new PythonChild(python, script, [folder.path, "float64"]);

  // One of LongPO's that goes through attention in several blocks, another of LongPO's, one of DPO's.
  const cases = layoutCases({ seed: 2, count: 250, vocabulary });
  const lines: string[] = [];
  for (const at of [49, 60, 160]) {
    const { documents, objective } = cases[at];
    const expected = await child.ask<GoldenLayout["expected"]>({ ...cases[at], sketch: true });
    const golden: GoldenLayout = { documents, objective, expected };
    lines.push(JSON.stringify(golden));
    log.info(`${objective.name}: loss ${expected.loss}`);
  }
  const text = `{"config":${JSON.stringify(config)},"layouts":[\n${lines.join(",\n")}\n]}\n`;
  await Deno.writeTextFile(new URL("../golden/layouts.json", import.meta.url), text);
});
