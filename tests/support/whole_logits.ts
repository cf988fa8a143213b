import {
  graphsOf,
  layerInputs,
  layerKind,
  layerKinds,
  type ModelConfig,
  packRow,
  type Parameters,
  segmentParameters,
} from "../../lib/model/mod.ts";
import { evalGraph, type Graph, modelBytes } from "../../lib/onnx/mod.ts";
import { floatsOf, ints, Session } from "../../lib/runtime/mod.ts";

/** Logits of whole sequences, one after another: what a cache must agree with. */
export class WholeLogits implements AsyncDisposable {
  readonly #config: ModelConfig;
  readonly #parameters: Parameters;
  readonly #sessions = new AsyncDisposableStack();
  readonly #byName = new Map<string, Session>();

  private constructor(config: ModelConfig, parameters: Parameters) {
    this.#config = config;
    this.#parameters = parameters;
  }

  static async open(config: ModelConfig, parameters: Parameters): Promise<WholeLogits> {
    const whole = new WholeLogits(config, parameters);
    const graphs = graphsOf(config);
    await whole.#add("embed", evalGraph(graphs.embed(config)));
    for (const kind of layerKinds(config)) {
      await whole.#add(kind.name, evalGraph(graphs.layer(config, kind)));
    }
    await whole.#add("logits", graphs.logits(config));
    return whole;
  }

  async #add(name: string, g: Graph) {
    this.#byName.set(name, this.#sessions.use(await Session.open(modelBytes(g), { threads: 1 })));
  }

  /** float32 `[tokens, vocabulary]`. */
  async of(ids: readonly number[]): Promise<Float32Array> {
    const config = this.#config;
    const { parameterNames: names } = graphsOf(config);
    const weights = (of: Record<string, string>) => segmentParameters(of, this.#parameters);
    const none = { turnOf: ids.map(() => -1), inNll: ids.map(() => false) };
    const sequences = [{ side: "chosen" as const, ids: [...ids], ...none }];
    const row = packRow([{ id: "row", sequences, referenceChosen: [], referenceRejected: [] }]);
    let { hidden } = await this.#byName.get("embed")!.run({
      tokens: ints(row.tokens),
      ...weights(names.embed(config)),
    });
    for (let layer = 0; layer < config.layerCount; layer++) {
      const kind = layerKind(config, layer);
      ({ hidden } = await this.#byName.get(kind.name)!.run({
        input: hidden,
        ...layerInputs(row, config, kind),
        ...weights(names.layer(config, layer)),
      }));
    }
    const feeds = { input: hidden, ...weights(names.head(config)) };
    return floatsOf((await this.#byName.get("logits")!.run(feeds)).logits);
  }

  /** The likeliest continuation, the whole sequence computed anew for every token. */
  async continuation(prompt: readonly number[], count: number): Promise<number[]> {
    const ids = [...prompt];
    while (ids.length < prompt.length + count) {
      const last = (await this.of(ids)).slice(-this.#config.vocabSize);
      ids.push(last.indexOf(Math.max(...last)));
    }
    return ids.slice(prompt.length);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sessions[Symbol.asyncDispose]();
  }
}
