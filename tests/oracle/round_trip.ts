/**
 * What this package saves, loaded by transformers and PEFT: how far their logits are from ours.
 *
 *     deno run -A tests/oracle/round_trip.ts --python path/to/python [--model MODEL] [--tokens 64]
 *
 * Of each golden architecture, or of the one model that is named, an adapter with random numbers is
 * saved as it is and merged into the weights. Differences are in units of the largest logit.
 *
 * @module
 */

import { command, main, number, string, table } from "../../lib/cli/mod.ts";
import { Random, UserError } from "../../lib/flow/mod.ts";
import {
  type Adapter,
  loadModel,
  mergeAdapter,
  type ModelConfig,
  type Parameters,
  randomAdapter,
  saveAdapter,
  saveModel,
  widened,
} from "../../lib/model/mod.ts";
import { temporaryFolder } from "../bench/training/temporary_folder.ts";
import { architectureCases, loadArchitecture } from "../support/golden_architectures.ts";
import { relativeError } from "../support/golden_cases.ts";
import { PythonChild } from "../support/python_child.ts";
import { rowLogits } from "../support/row_logits.ts";

const roundTrip = command({
  name: "round_trip",
  summary: "Holds saved models and adapters against transformers and PEFT",
  examples: [
    "deno run -A tests/oracle/round_trip.ts --python ../oracle/bin/python",
    "deno run -A tests/oracle/round_trip.ts --python ../oracle/bin/python --model model.gguf",
  ],
  flags: {
    python: string({
      summary: "A Python with torch, transformers and peft",
      value: "path",
      default: "python3",
    }),
    model: string({ summary: "Folder, .gguf file or hub name", value: "model" }),
    tokens: number({ summary: "Random tokens that are read", integer: true, min: 1, default: 64 }),
  },
});

/** The most that any two logits may be apart. */
const TOLERANCE = 1e-5;

/** A model in memory, whose other files are in its folder. */
interface Loaded {
  folder: string;
  config: ModelConfig;
  parameters: Parameters;
}

async function load(model: string, signal: AbortSignal): Promise<Loaded> {
  const { folder, config, parameters } = await loadModel(model, { signal });
  return { folder, config, parameters: widened(parameters) };
}

/** An adapter that changes what the model says: `B` is not zero. */
function changingAdapter(config: ModelConfig): Adapter {
  const adapter = randomAdapter(config, { rank: 4, alpha: 8 }, 1);
  const random = new Random("B");
  for (const { name, data } of adapter.parameters.values()) {
    if (name.includes("lora_B")) data.forEach((_, at) => data[at] = 0.1 * random.normal());
  }
  return adapter;
}

/** Saves a model and an adapter of it in both ways, and asks Python how far apart logits are. */
async function trip(model: Loaded, tokens: number, child: PythonChild, signal: AbortSignal) {
  await using scratch = await temporaryFolder();
  const { path } = scratch;
  const { config, parameters } = model;
  const random = new Random("ids");
  const ids = Array.from({ length: tokens }, () => random.int(config.vocabSize));
  const adapter = changingAdapter(config);
  const merged = mergeAdapter(parameters, adapter);
  await saveModel(model, `${path}/base`);
  await saveModel({ ...model, parameters: merged }, `${path}/merged`, { dtype: "F32" });
  await saveAdapter(adapter, `${path}/adapter`, { base: `${path}/base` });

  const apart = async (saved: Record<string, string>, ours: Float32Array<ArrayBuffer>) => {
    const logits = `${path}/logits`;
    await Deno.writeFile(logits, new Uint8Array(ours.buffer, ours.byteOffset, ours.byteLength));
    return await child.ask<number>({ ...saved, ids, logits }, signal);
  };
  const [base, whole] = [{ model: `${path}/base` }, { model: `${path}/merged` }];
  const [before, after] = [
    await rowLogits({ config, parameters }, ids),
    await rowLogits({ config, parameters: merged }, ids),
  ];
  // An adapter that changes nothing would be saved right however it is saved.
  if (relativeError(before, after) < 100 * TOLERANCE) throw new Error("The adapter does nothing");
  return {
    saved: await apart(base, before),
    merged: await apart(whole, after),
    adapter: await apart(
      { ...base, adapter: `${path}/adapter` },
      await rowLogits({ config, parameters }, ids, adapter),
    ),
  };
}

await main(roundTrip, async ({ python, model, tokens }, { signal, log }) => {
  await using child = new PythonChild(python, new URL("round_trip.py", import.meta.url));
  const names = model === undefined ? architectureCases : [model];
  const rows = [];
  for (const name of names) {
    const loaded = model === undefined ? await loadArchitecture(name) : await load(model, signal);
    const apart = await trip(loaded, tokens, child, signal);
    log.info(`${name}: ${Math.max(...Object.values(apart)).toExponential(1)}`);
    rows.push({ model: name, apart });
  }
  console.log(table(rows.map(({ model, apart }) => ({
    model,
    ...Object.fromEntries(Object.entries(apart).map(([how, by]) => [how, by.toExponential(1)])),
  }))));
  const most = Math.max(...rows.flatMap(({ apart }) => Object.values(apart)));
  console.log(`\nat most, over ${rows.length} models: ${most.toExponential(1)}`);
  if (!(most <= TOLERANCE)) {
    throw new UserError(`Logits are more than ${TOLERANCE} of the largest apart`);
  }
});
