/**
 * Prints how much memory loading a model takes at most, as a multiple of the weights that are held:
 *
 *     deno run -A tests/support/peak_memory.ts MODEL [DTYPE]
 */

import { type HeldDtype, loadModel } from "../../lib/model/mod.ts";

/** Bytes that the process had in memory at most. */
async function peak(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)![1]);
}

const before = await peak();
const [path, dtype] = Deno.args;
const { parameters } = await loadModel(path, { dtype: dtype as HeldDtype | undefined });
const bytes = [...parameters.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
console.log((await peak() - before) / bytes);
