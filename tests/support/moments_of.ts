import type { TensorData } from "../../lib/model/mod.ts";
import type { MomentStore } from "../../lib/train/mod.ts";

/** All moments as a checkpoint would hold them, by parameter and kind. */
export async function momentsOf(store: MomentStore): Promise<Map<string, TensorData>> {
  const all = new Map<string, TensorData>();
  for (const name of store.names) {
    for (const [kind, { data }] of Object.entries(store.tensors(name))) {
      all.set(`${name} ${kind}`, (typeof data === "function" ? await data() : data).slice());
    }
  }
  return all;
}
