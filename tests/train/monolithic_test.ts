import { assertAlmostEquals } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import {
  graphsOf,
  layerInputs,
  type ModelConfig,
  packRow,
  type Parameters,
} from "../../lib/model/mod.ts";
import { headSegment, longpo, objectiveInputs } from "../../lib/objective/mod.ts";
import {
  type DataType,
  differentiate,
  Graph,
  type SegmentParts,
  type Shape,
  type Value,
} from "../../lib/onnx/mod.ts";
import { floats, floatsOf, type HostTensor, ints } from "../../lib/runtime/mod.ts";
import { assertCloseArrays } from "../support/close_gradients.ts";
import { learn } from "../support/learn.ts";
import { randomDocument } from "../support/random_document.ts";
import { runGraph } from "../support/run_graph.ts";
import { smallModel } from "../support/small_model.ts";

/** A graph in which segments that were made to stand alone declare each input once. */
class Monolith extends Graph {
  /** Other names for what the segment under construction declares. */
  names: Readonly<Record<string, string>> = {};
  /** What flows into the segment under construction. */
  flowing: Value | undefined;
  readonly #declared = new Map<string, Value>();

  override input(name: string, type: DataType, shape: Shape): Value {
    if (name === "input" && this.flowing) return this.flowing;
    const own = this.names[name] ?? name;
    const value = this.#declared.get(own) ?? super.input(own, type, shape);
    this.#declared.set(own, value);
    return value;
  }

  declared(name: string): Value {
    return this.#declared.get(name)!;
  }
}

/** Embedding, every layer and the loss as one graph, differentiated at once. */
function monolith(config: ModelConfig, parameters: Parameters): Graph {
  const g = new Monolith("monolith");
  const { parameterNames: names, ...graphs } = graphsOf(config);
  const append = (build: (g: Graph) => SegmentParts, own: Record<string, string>) => {
    g.names = own;
    const { outputs } = build(g);
    g.flowing = outputs.hidden;
    return outputs;
  };
  append((g) => graphs.embed(config).build(g), names.embed(config));
  for (let layer = 0; layer < config.layerCount; layer++) {
    append((g) => graphs.layer(config).build(g), names.layer(config, layer));
  }
  const head = headSegment(config, longpo, "sum");
  const { loss } = append((g) => head.build(g), names.head(config));

  const sources = [...parameters.keys()].map((name) => g.declared(name));
  const gradients = differentiate(g, new Map([[loss, g.scalar(1)]]), sources);
  g.output("loss", loss);
  for (const source of sources) g.output(`grad ${source.name}`, gradients.get(source)!);
  return g;
}

for (const tied of [false, true]) {
  const which = tied ? "tied" : "separate";
  Deno.test(`segments learn what one graph of the whole model learns, ${which} embeddings`, async () => {
    const model = smallModel({ tied });
    const { config, parameters } = model;
    const random = new Random("monolith");
    const answers = [[9, 12], [7, 3]] as const;
    const row = packRow([
      randomDocument(random, { id: "long", vocabulary: 40, trunk: 280, answers }),
      randomDocument(random, { id: "short", vocabulary: 40, trunk: 12, answers }),
    ]);
    const { results: [result], gradients } = await learn(model, [row], 0.5);

    const feeds: Record<string, HostTensor> = {
      tokens: ints(row.tokens),
      ...layerInputs(row, config),
      ...objectiveInputs(row, { beta: 0.3, lambda: 0.7 }, 0.5),
    };
    for (const [name, { data, shape }] of parameters) {
      feeds[name] = floats(data as Float32Array<ArrayBuffer>, shape);
    }
    const { loss, ...whole } = await runGraph(monolith(config, parameters), feeds);
    assertAlmostEquals(result.loss, floatsOf(loss)[0], 1e-6 * result.loss);
    const expected = Object.entries(whole)
      .map(([name, gradient]) => [name.slice("grad ".length), floatsOf(gradient)] as const);
    assertCloseArrays(gradients, new Map(expected));
  });
}
