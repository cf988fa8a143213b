import { assertEquals, assertLess } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import {
  adaptedLayer,
  graphsOf,
  layerInputs,
  type LayerKind,
  layerKinds,
  type ModelConfig,
} from "../../lib/model/mod.ts";
import {
  chunked,
  type Dim,
  evalGraph,
  Graph,
  modelBytes,
  type Segment,
  trainingGraph,
  type Value,
  valuesRead,
} from "../../lib/onnx/mod.ts";
import { floatsOf, Session, type Tensors } from "../../lib/runtime/mod.ts";
import { architectureCases, loadArchitecture } from "../support/golden_architectures.ts";
import { relativeError } from "../support/golden_cases.ts";
import { uniform } from "../support/run_graph.ts";

const TOKENS = 11;

/** Layers of every kind of a model, with and without adapters. */
function layersOf(config: ModelConfig): [LayerKind, Segment][] {
  return layerKinds(config).flatMap((kind) => [
    [kind, graphsOf(config).layer(config, kind)],
    [kind, adaptedLayer(config, { rank: 2, alpha: 4 }, kind)],
  ]);
}

/** A row of a trunk and two branches, as layers of a kind read it. */
function rowOf(config: ModelConfig, kind: LayerKind): Tensors {
  const position = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 4, 5, 6, 7);
  const branch = Int32Array.of(0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2);
  return layerInputs({ document: new Int32Array(TOKENS), branch, position }, config, kind);
}

/** What is known of a graph's inputs, and random numbers for all else. */
function feeds(g: Graph, known: Tensors): Tensors {
  const random = new Random(g.name);
  const length = (dim: Dim) => dim === "tokens" ? TOKENS : Number(dim);
  return Object.fromEntries(
    g.inputs.map(({ name, shape }) => [name, known[name] ?? uniform(random, shape.map(length))]),
  );
}

async function run(g: Graph, inputs: Tensors): Promise<Tensors> {
  await using session = await Session.open(modelBytes(g));
  return await session.run(inputs);
}

function assertSame(found: Tensors, expected: Tensors): void {
  assertEquals(Object.keys(found).sort(), Object.keys(expected).sort());
  for (const [name, tensor] of Object.entries(expected)) {
    assertLess(relativeError(floatsOf(found[name]), floatsOf(tensor)), 1e-5, name);
  }
}

for (const name of architectureCases) {
  Deno.test(`layers of ${name} give in chunks what they give at once`, async () => {
    const { config } = await loadArchitecture(name);
    for (const [kind, layer] of layersOf(config)) {
      const inChunks = chunked(layer, { chunkLength: 4 });
      const forward = evalGraph(layer, { keep: true });
      const given = feeds(forward, rowOf(config, kind));
      const { hidden, ...kept } = await run(forward, given);
      assertSame(await run(evalGraph(inChunks, { keep: true }), given), { hidden, ...kept });

      const backward = trainingGraph(layer);
      const all = feeds(backward, { ...given, ...kept });
      assertSame(await run(trainingGraph(inChunks), all), await run(backward, all));
    }
  });

  Deno.test(`of layers of ${name} nothing but attention reads a whole row at once`, async () => {
    const { config } = await loadArchitecture(name);
    const ofRow = ({ shape }: Value) => shape.some((dim) => String(dim).includes("tokens"));
    for (const [, layer] of layersOf(config)) {
      const g = new Graph("layer");
      chunked(layer).build(g);
      const readers = g.nodes.filter((node) => valuesRead(node).some(ofRow)).map(({ op }) => op);
      assertEquals(readers, ["InChunks", "BlockwiseAttention", "InChunks"]);
    }
  });
}
