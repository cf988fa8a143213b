/**
 * Reads a model's weights in a process of its own, as `loadModel` does; prints what that took as a
 * line of JSON.
 *
 *     deno run -A tests/bench/loading/one_load.ts --model FOLDER --dtype bfloat16
 *
 * @module
 */

import { command, dtypeFlag, main, string } from "../../../lib/cli/mod.ts";
import { architectureOf } from "../../../lib/model/gguf/architectures.ts";
import { openGguf } from "../../../lib/model/gguf/gguf_file.ts";
import { readGgufWeights } from "../../../lib/model/gguf/parameters.ts";
import { fingerprint, type ModelConfig, parseConfig, readWeights } from "../../../lib/model/mod.ts";
import type { ReadWeightsOptions, Weights } from "../../../lib/model/mod.ts";
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
  examples: ["deno run -A tests/bench/loading/one_load.ts --model FOLDER --dtype bfloat16"],
  flags: {
    model: string({
      summary: "Hugging Face folder, with or without a tokenizer, or a GGUF file",
      required: true,
    }),
    dtype: dtypeFlag,
  },
});

/** How weights are read, and the config that says which there are. */
interface Source extends AsyncDisposable {
  config: ModelConfig;
  read(options: ReadWeightsOptions): Promise<Weights>;
}

async function openFolder(path: string): Promise<Source> {
  const config = parseConfig(JSON.parse(await Deno.readTextFile(`${path}/config.json`)));
  return {
    config,
    read: (options) => readWeights(path, config, options),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A GGUF file without its tokenizer, whose making takes memory too. */
async function openFile(path: string): Promise<Source> {
  const file = await openGguf(path);
  const config = parseConfig(architectureOf(file).config(file), {}, path);
  return {
    config,
    read: (options) => readGgufWeights(file, config, options),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

await main(oneLoad, async ({ model, dtype }, { signal }) => {
  await using source = await (model.endsWith(".gguf") ? openFile : openFolder)(model);
  const [before, started] = [peakMemory(), performance.now()];
  const weights = await source.read({ dtype, signal });
  fingerprint(source.config, weights);
  const figures: LoadFigures = {
    bytes: [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0),
    peakBytes: peakMemory() - before,
    seconds: (performance.now() - started) / 1000,
  };
  console.log(JSON.stringify(figures));
});
