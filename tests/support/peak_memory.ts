/**
 * Prints how much memory loading a model takes at most, as a multiple of its weights as Float32:
 *
 *     deno run -A tests/support/peak_memory.ts MODEL
 */

import { loadModel, parameterCount } from "../../lib/model/mod.ts";

/** Bytes that the process had in memory at most. */
async function peak(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)![1]);
}

const before = await peak();
const { config } = await loadModel(Deno.args[0]);
console.log((await peak() - before) / (4 * parameterCount(config)));
