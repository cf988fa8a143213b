import {
  adaptedLayer,
  type Adapter,
  adapterNames,
  graphsOf,
  layerInputs,
  layerKind,
  type ModelConfig,
  type Parameters,
  segmentParameters,
} from "../../lib/model/mod.ts";
import { evalGraph } from "../../lib/onnx/mod.ts";
import { floatsOf, ints } from "../../lib/runtime/mod.ts";
import { runGraph } from "./run_graph.ts";

/** Logits `[tokens, vocabulary]` of one text, perhaps with an adapter beside the weights. */
export async function rowLogits(
  { config, parameters }: { config: ModelConfig; parameters: Parameters },
  ids: readonly number[],
  adapter?: Adapter,
): Promise<Float32Array<ArrayBuffer>> {
  const { parameterNames: names, ...graphs } = graphsOf(config);
  const weights = (of: Record<string, string>) => segmentParameters(of, parameters);
  const marks = {
    document: new Int32Array(ids.length),
    branch: new Int32Array(ids.length),
    position: Int32Array.from(ids.keys()),
  };
  const embedInputs = { tokens: ints(ids), ...weights(names.embed(config)) };
  let { hidden } = await runGraph(evalGraph(graphs.embed(config)), embedInputs);
  for (let layer = 0; layer < config.layerCount; layer++) {
    const ab = adapter
      ? segmentParameters(adapterNames(config, adapter.lora, layer), adapter.parameters)
      : {};
    const kind = layerKind(config, layer);
    const segment = adapter ? adaptedLayer(config, adapter.lora, kind) : graphs.layer(config, kind);
    const shared = layerInputs(marks, config, kind);
    const given = { input: hidden, ...shared, ...weights(names.layer(config, layer)), ...ab };
    ({ hidden } = await runGraph(evalGraph(segment), given));
  }
  const head = { input: hidden, ...weights(names.head(config)) };
  return floatsOf((await runGraph(graphs.logits(config), head)).logits);
}
