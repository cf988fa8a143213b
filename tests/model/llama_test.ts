import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { rotaryTable } from "../../lib/model/rope.ts";
import {
  type CachedGraphOptions,
  graphsOf,
  layerInputs,
  packRow,
  segmentParameters,
} from "../../lib/model/mod.ts";
import { evalGraph, modelBytes } from "../../lib/onnx/mod.ts";
import { floats, floatsOf, type HostTensor, Session } from "../../lib/runtime/mod.ts";
import { relativeError } from "../support/golden_cases.ts";
import { randomDocument } from "../support/random_document.ts";
import { uniform } from "../support/run_graph.ts";
import { smallModel } from "../support/small_model.ts";

const { config, parameters } = smallModel();
const graphs = graphsOf(config);
const weights = segmentParameters(graphs.parameterNames.layer(config, 1), parameters);

/** Rows `[from, to)` of a tensor. */
function rowsOf(tensor: HostTensor, from: number, to: number): HostTensor {
  const width = tensor.shape.slice(1).reduce((product, dim) => product * dim, 1);
  const data = floatsOf(tensor).slice(from * width, to * width);
  return floats(data, [to - from, ...tensor.shape.slice(1)]);
}

/** One tensor's rows after another's. */
function joined(first: HostTensor, second: HostTensor): HostTensor {
  const data = Float32Array.of(...floatsOf(first), ...floatsOf(second));
  return floats(data, [first.shape[0] + second.shape[0], ...first.shape.slice(1)]);
}

async function holdCachedLayer(options: CachedGraphOptions): Promise<void> {
  const random = new Random("cache");
  const answers = [[4, 6]] as const;
  const row = packRow([randomDocument(random, { id: "row", vocabulary: 40, trunk: 20, answers })]);
  const tokens = row.tokens.length;
  const hidden = uniform(random, [tokens, config.hiddenSize]);
  const shared = layerInputs(row, config);
  await using layer = await Session.open(modelBytes(evalGraph(graphs.layer(config))));
  const whole = await layer.run({ input: hidden, ...shared, ...weights });

  const cachedLayer = graphs.cachedLayer(config, undefined, options);
  await using cached = await Session.open(modelBytes(cachedLayer));
  await using visibility = await Session.open(modelBytes(graphs.visibility()));
  const markTensor = (marks: Int32Array) => floats(Float32Array.from(marks), [marks.length]);
  const order = markTensor(Int32Array.from({ length: tokens }, (_, at) => at));
  const [document, branch] = [markTensor(row.document), markTensor(row.branch)];
  const cache = floats(new Float32Array(), [0, config.keyValueHeadCount, config.headSize]);
  let [keys, values] = [cache, cache];
  for (const [from, to] of [[0, 13], [13, 14], [14, tokens]]) {
    const marks = (prefix: string, first: number, end: number) => ({
      [`${prefix}document`]: rowsOf(document, first, end),
      [`${prefix}branch`]: rowsOf(branch, first, end),
      [`${prefix}order`]: rowsOf(order, first, end),
    });
    const { bias } = await visibility.run({
      ...marks("query_", from, to),
      ...marks("key_", 0, to),
    });
    const found = await cached.run({
      input: rowsOf(hidden, from, to),
      cos: rowsOf(shared.cos, from, to),
      sin: rowsOf(shared.sin, from, to),
      past_keys: keys,
      past_values: values,
      bias,
      ...weights,
    });
    [keys, values] = [joined(keys, found.keys), joined(values, found.values)];
    const expected = floatsOf(rowsOf(whole.hidden, from, to));
    assertLess(relativeError(floatsOf(found.hidden), expected), 1e-5);
  }
}

Deno.test("a layer with a cache gives new tokens what the layer gives them in a whole row", () =>
  holdCachedLayer({}));

Deno.test("a layer with a cache for few tokens gives them what the layer gives in a whole row", () =>
  holdCachedLayer({ fewTokens: true }));

Deno.test("rotaryTable turns pairs by position times frequency, and not at all at position 0", () => {
  const { cos, sin } = rotaryTable(Int32Array.of(0, 1, 7), 8, 10_000);
  assertEquals([...cos.slice(0, 4), ...sin.slice(0, 4)], [1, 1, 1, 1, 0, 0, 0, 0]);
  for (const [token, position] of [0, 1, 7].entries()) {
    for (let pair = 0; pair < 4; pair++) {
      const angle = position * 10_000 ** (-2 * pair / 8);
      assertAlmostEquals(cos[token * 4 + pair], Math.cos(angle), 1e-6);
      assertAlmostEquals(sin[token * 4 + pair], Math.sin(angle), 1e-6);
    }
  }
});

Deno.test("rotaryTable gives a token of a branch the table of its own position", () => {
  const all = rotaryTable(Int32Array.of(5, 6, 5), 4, 100);
  assertEquals(all.cos.slice(0, 2), all.cos.slice(4));
  assertEquals(all.sin.slice(0, 2), all.sin.slice(4));
});

Deno.test("the parameter names of all segments are the model's parameters, each once", () => {
  for (const tied of [false, true]) {
    const model = smallModel({ tied, layers: 3 });
    const { parameterNames: names } = graphsOf(model.config);
    const used = [
      ...Object.values(names.embed(model.config)),
      ...[0, 1, 2].flatMap((layer) => Object.values(names.layer(model.config, layer))),
      ...Object.values(names.head(model.config)),
    ];
    assertEquals([...new Set(used)].sort(), [...model.parameters.keys()].sort());
    assertEquals(used.length - new Set(used).size, tied ? 1 : 0);
    assert(used.every((name) => model.parameters.has(name)));
  }
});
