/**
 * Reads a model's weights in a process of its own, as `loadModel` does; prints what that took as a
 * line of JSON.
 *
 *     deno run -A tests/bench/loading/one_load.ts --folder FOLDER --dtype bfloat16
 *
 * @module
 */

import { command, dtypeFlag, main, string } from "../../../lib/cli/mod.ts";
import { fingerprint, parseConfig, readWeights } from "../../../lib/model/mod.ts";
import { peakMemory } from "../training/peak_memory.ts";

/** What reading weights took. */
export interface LoadFigures {
  /** Bytes of the numbers that are held. */
  bytes: number;
  /** Bytes by which the process grew at most. */
  peakBytes: number;
  /** Wall time. */
  seconds: number;
}

const oneLoad = command({
  name: "one_load",
  summary: "Reads weights and prints what it took as a line of JSON",
  examples: ["deno run -A tests/bench/loading/one_load.ts --folder FOLDER --dtype bfloat16"],
  flags: {
    folder: string({ summary: "Hugging Face folder, with or without a tokenizer", required: true }),
    dtype: dtypeFlag,
  },
});

await main(oneLoad, async ({ folder, dtype }, { signal }) => {
  const config = parseConfig(JSON.parse(await Deno.readTextFile(`${folder}/config.json`)));
  const [before, started] = [peakMemory(), performance.now()];
  const weights = await readWeights(folder, config, { dtype, signal });
  fingerprint(config, weights);
  const figures: LoadFigures = {
    bytes: [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0),
    peakBytes: peakMemory() - before,
    seconds: (performance.now() - started) / 1000,
  };
  console.log(JSON.stringify(figures));
});
