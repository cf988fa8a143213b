/**
 * Memory and time of reading weights, by how files have them and how they are held.
 *
 *     deno run -A tests/bench/loading.ts [--layers 30] [--gguf FILE]
 *
 * The weights are random ones of SmolLM2-135M's shape, in safetensors files that were just written,
 * or those of a GGUF file of one's own.
 * Memory is that of a process of its own: what it grew by at most, as a multiple of the bytes that
 * are held in the end.
 *
 * @module
 */

import { command, main, number, string, table } from "../../lib/cli/mod.ts";
import {
  type HeldDtype,
  heldDtypes,
  parseConfig,
  randomParameters,
  type WeightDtype,
  writeParameters,
} from "../../lib/model/mod.ts";
import type { LoadFigures } from "./loading/one_load.ts";
import { runJson } from "./training/fresh_process.ts";
import { smollm2 } from "./training/smollm2.ts";
import { temporaryFolder } from "./training/temporary_folder.ts";

const SCRIPT = new URL("./loading/one_load.ts", import.meta.url).pathname;

const STORED: readonly WeightDtype[] = ["F32", "BF16", "F16"];

const loading = command({
  name: "loading",
  summary: "Measures memory and time of reading weights",
  examples: [
    "deno run -A tests/bench/loading.ts --layers 4",
    "deno run -A tests/bench/loading.ts --gguf path/to/model.gguf",
  ],
  flags: {
    layers: number({ summary: "Layers of the model", integer: true, min: 1, default: 30 }),
    gguf: string({ summary: "A GGUF file to be read in place of made-up files", value: "file" }),
  },
});

function load(model: string, dtype: HeldDtype, signal: AbortSignal): Promise<LoadFigures> {
  const program = { path: Deno.execPath(), args: ["run", "--allow-all", SCRIPT] };
  return runJson({ ...program, flags: { model, dtype } }, signal);
}

/** Reads a model once for every way of holding its weights. */
async function* loads(stored: string, model: string, signal: AbortSignal) {
  for (const dtype of heldDtypes) {
    const { bytes, peakBytes, seconds } = await load(model, dtype, signal);
    yield {
      stored,
      "held in": dtype,
      MiB: Math.round(bytes / 2 ** 20),
      "peak of it": (peakBytes / bytes).toFixed(2),
      seconds: seconds.toFixed(1),
    };
  }
}

/** Reads files of random weights, one way of storing them after another. */
async function* madeUp(layers: number, signal: AbortSignal) {
  await using scratch = await temporaryFolder();
  const folder = scratch.path;
  const config = smollm2(layers);
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
  const parameters = randomParameters(parseConfig(config), 1);
  for (const stored of STORED) {
    await writeParameters(parameters, folder, { dtype: stored, signal });
    yield* loads(stored, folder, signal);
  }
}

await main(loading, async ({ layers, gguf }, { signal }) => {
  const rows = gguf === undefined ? madeUp(layers, signal) : loads("GGUF", gguf, signal);
  console.log(table(await Array.fromAsync(rows)));
});
