import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import type { NllTokens } from "../../lib/data/mod.ts";
import { UserError } from "../../lib/flow/mod.ts";
import {
  adaptedLayer,
  graphsOf,
  loadModel,
  type PackedRow,
  packRow,
  parameterCount,
  parseConfig,
  randomAdapter,
  type TokenSequence,
} from "../../lib/model/mod.ts";
import { longpo, objectives, sft } from "../../lib/objective/mod.ts";
import {
  chunked,
  evalGraph,
  type Graph,
  type Node,
  type Segment,
  trainingGraph,
  type Value,
} from "../../lib/onnx/mod.ts";
import {
  AdamW,
  calibrate,
  changesToFit,
  documentRow,
  type DocumentSize,
  Learner,
  operations,
  parseRates,
  PlanCheck,
  type PlanOptions,
  planStep,
  rowSize,
  secondsFor,
  stepMemory,
  stepWork,
  sumOf,
  trainingBytes,
  trainStep,
} from "../../lib/train/mod.ts";
import { smallModel } from "../support/small_model.ts";

const { config } = smallModel();

const size: PlanOptions = {
  config,
  objective: longpo,
  documentTokens: 100,
  turns: 2,
  answerTokens: 5,
  questionTokens: 7,
};

/** Tokens with the turn that each is an answer of, or -1. */
type Tokens = [id: number, turn: number][];

/** A row of a made-up document, packed as texts are. */
function packed(document: DocumentSize): PackedRow {
  const { documentTokens, turns, answerTokens, questionTokens = 32, objective } = document;
  const { layout, nll = objective.nll } = document;
  const repeat = (count: number, id: number, turn = -1): Tokens =>
    Array.from({ length: count }, () => [id, turn]);
  const turn = (at: number, side: number): Tokens => [
    ...repeat(questionTokens, 1 + at),
    ...repeat(answerTokens, 1 + turns * (1 + side) + at, at),
  ];
  const all = Array.from({ length: turns }, (_, at) => at);
  const conversations = layout === "independent" ? all.map((at) => [at]) : [all];
  const sequences = conversations.flatMap((held) =>
    (objective.usesRejected ? [0, 1] : [0]).map((side): TokenSequence => {
      const turnsOf = held.flatMap((at) => turn(at, side));
      const tokens = [...repeat(documentTokens, 0), ...turnsOf];
      const counts = (of: number) => side === 0 && nll !== "none" && (nll !== "answers" || of >= 0);
      return {
        side: side === 0 ? "chosen" : "rejected",
        ids: tokens.map(([id]) => id),
        turnOf: tokens.map(([, of]) => of),
        inNll: tokens.map(([, of]) => counts(of)),
      };
    })
  );
  return packRow([{ id: "planned", sequences, referenceChosen: [], referenceRejected: [] }]);
}

Deno.test("documentRow is the size of the row that is packed", () => {
  for (const objective of Object.values(objectives)) {
    for (const layout of ["conversation", "independent"] as const) {
      for (const nll of ["all", "no_template", "answers", "none"] satisfies NllTokens[]) {
        for (const turns of [1, 3]) {
          const document = { ...size, objective, layout, nll, turns };
          const about = { objective: objective.name, layout, nll, turns };
          const expected = { about, row: rowSize(packed(document)) };
          assertEquals({ about, row: documentRow(document) }, expected);
        }
      }
    }
  }
});

Deno.test("planStep counts a small model as one does by hand", () => {
  // Width 16, 24 within, 2 layers, 4 heads of 4 over 2 of keys, 40 words; one turn of 3 + 2 tokens.
  const { row, memory, work } = planStep({
    ...size,
    documentTokens: 5,
    turns: 1,
    questionTokens: 3,
    answerTokens: 2,
    documents: 3,
  });
  // 8 tokens that both answers begin with, twice 2 behind them; all of the chosen side is predicted.
  const pairs = 36 + 2 * (9 + 10);
  assertEquals(row, { tokens: 12, predictions: 7 + 2 + 2, answers: 4, pairs });
  const matrices = 16 * 16 * 2 + 16 * 8 * 2 + 3 * 16 * 24;
  const parameters = 2 * 40 * 16 + 2 * (matrices + 2 * 16) + 16;
  assertEquals(memory.weights, 4 * parameters);
  assertEquals(memory.moments, 8 * parameters);
  assertEquals(memory.kept, 4 * 2 * 12 * (16 + 16 + 4));
  const products = 2 * 12 * matrices;
  // Of a block's own scores half are seen by nobody.
  const scores = 2 * (pairs + 64 * 12) * 16;
  assertEquals(work.forward, 3 * 2 * (products + 2 * scores));
  assertEquals(work.recompute, 3 * 2 * (products - 2 * 12 * 16 * 24 + scores));
  assertEquals(work.backward, 3 * 2 * (2 * products + 4 * scores));
  assertEquals(work.head, 3 * (4 + 3 * 11) * 2 * 40 * 16);
  assertEquals(work.attention, 3 * 2 * 7 * scores);
  assertEquals(work.updates, parameters);
});

Deno.test("planned parameters are those of the model", () => {
  for (const tied of [false, true]) {
    const { config } = smallModel({ tied, layers: 3 });
    const { memory } = planStep({ ...size, config, keepsStart: true });
    const { weights, gradients, model } = memory;
    assertEquals({ weights, gradients, model }, {
      weights: 4 * parameterCount(config),
      gradients: 4 * parameterCount(config),
      model: 4 * parameterCount(config),
    });
  }
});

/** What is computed in chunks, where a node is that. */
const chunkOf = ({ attributes }: Node) => attributes.body as unknown as Graph | undefined;

/**
 * Operations of products of two matrices among the nodes that outputs need, chunks' as well, for a row of so
 * many tokens.
 */
function productsOf(graph: Graph, tokens: number): number {
  const makers = new Map<Value, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) makers.set(output, node);
  const needed = new Set<Node>();
  const open = [...graph.outputs];
  for (const value of open) {
    const node = makers.get(value);
    if (!node || needed.has(node)) continue;
    needed.add(node);
    open.push(...node.inputs.filter((input) => input !== undefined));
  }
  const length = (dim: number | string) => typeof dim === "number" ? dim : tokens;
  const inChunks = [...needed].map(chunkOf).filter((body) => body !== undefined)
    .reduce((sum, body) => sum + productsOf(body, tokens), 0);
  return [...needed].filter(({ op }) => op === "Gemm").reduce(
    (sum, { inputs, outputs, attributes }) => {
      const [m, n] = outputs[0].shape.map(length);
      const k = length(inputs[0]!.shape[attributes.transA ? 0 : 1]);
      // Sums over a row are products with a column of ones.
      return n === 1 || m === 1 ? sum : sum + 2 * m * n * k;
    },
    inChunks,
  );
}

/** A row that sees less than nothing, so that of attention no operations are counted. */
const nothing = { predictions: 0, answers: 0, pairs: -64 * 50 };

Deno.test("planned operations of a layer's matrices are those in its graphs", () => {
  const layer: Segment = chunked(graphsOf(config).layer(config));
  const tokens = 50;
  const work = stepWork(config, { tokens, ...nothing }, 1);
  const perLayer = (count: number) => count / config.layerCount;
  assertEquals(productsOf(evalGraph(layer), tokens), perLayer(work.forward));
  assertEquals(
    productsOf(trainingGraph(layer), tokens),
    perLayer(work.recompute + work.backward),
  );
});

Deno.test("planned operations of a layer with adapters are those in its graphs", () => {
  for (const targets of [undefined, ["q_proj", "v_proj"], ["down_proj"]]) {
    const lora = { rank: 3, alpha: 6, targets };
    const layer = adaptedLayer(config, lora);
    const tokens = 50;
    const work = stepWork(config, { tokens, ...nothing }, 1, { lora });
    const perLayer = (count: number) => count / config.layerCount;
    assertEquals(productsOf(evalGraph(layer), tokens), perLayer(work.forward));
    assertEquals(
      productsOf(trainingGraph(layer), tokens),
      perLayer(work.recompute + work.backward),
    );
  }
});

Deno.test("a plan with adapters counts what learns, once more than the model", () => {
  const lora = { rank: 2, alpha: 4 };
  const { memory, workspaces } = planStep({ ...size, lora });
  const learnt = [...randomAdapter(config, lora, 1).parameters.values()]
    .reduce((sum, { data }) => sum + data.byteLength, 0);
  const { model, weights, gradients, moments } = memory;
  assertEquals({ model, weights, gradients, moments, embedding: workspaces.embedding }, {
    model: 4 * parameterCount(config),
    weights: learnt,
    gradients: learnt,
    moments: 2 * learnt,
    embedding: 0,
  });
});

Deno.test("plans grow with documents, turns, answers and the model", () => {
  const base = planStep(size);
  const larger: Partial<PlanOptions>[] = [
    { documentTokens: 200 },
    { turns: 3 },
    { answerTokens: 9 },
    { config: smallModel({ layers: 3 }).config },
  ];
  for (const change of larger) {
    const { bytes, work } = planStep({ ...size, ...change });
    assert(bytes > base.bytes, JSON.stringify(change));
    assert(operations(work) > operations(base.work), JSON.stringify(change));
  }
  const lighter = planStep({ ...size, objective: sft });
  assert(lighter.bytes < base.bytes && operations(lighter.work) < operations(base.work));
  assertEquals(operations(planStep({ ...size, documents: 5 }).work), 5 * operations(base.work));
});

Deno.test("changesToFit finds the largest numbers that fit", () => {
  const options = { ...size, documentTokens: 20_000, turns: 40, answerTokens: 300 };
  const limit = Math.round(planStep(options).bytes * 0.9);
  const changes = changesToFit(options, limit);
  assertEquals(changes.map(({ what }) => what), ["documentTokens", "turns", "answerTokens"]);
  for (const { what, to, bytes } of changes) {
    const at = (value: number) => planStep({ ...options, [what]: value }).bytes;
    assertEquals(at(to), bytes);
    assert(at(to) <= limit && at(to + 1) > limit, what);
  }
  assertEquals(changesToFit(options, 1000), []);
});

Deno.test("a plan for a device leaves workspaces to it", () => {
  const host = planStep(size);
  const plan = planStep({ ...size, device: "cuda" });
  assertEquals(host.bytes - plan.bytes, host.memory.workspace);
  assert(plan.device!.bytes > sumOf({ ...host.workspaces }) && plan.device!.transfer > 0);
  const rates = { operations: 1e12, attention: 5e11, head: 1e12, updates: 1e9, link: 1e9 };
  assertEquals(plan.seconds(rates), secondsFor(plan.work, rates) + plan.device!.transfer / 1e9);
});

Deno.test("calibrate measures rates that parseRates takes back", async () => {
  const rates = await calibrate(config, { threads: 1, runs: 1 });
  assertEquals(parseRates(JSON.parse(JSON.stringify(rates)), "rates.json"), rates);
  assertEquals(parseRates({ ...rates, link: 1e9 }, "rates.json"), { ...rates, link: 1e9 });
  for (const wrong of [null, {}, { ...rates, attention: "1" }, { ...rates, updates: 0 }]) {
    assertThrows(() => parseRates(wrong, "rates.json"), UserError, "rates.json holds no rates");
  }
});

Deno.test("PlanCheck tells what is off by more than a fifth, and nothing else", () => {
  const config = parseConfig({
    model_type: "llama",
    vocab_size: 8000,
    hidden_size: 256,
    intermediate_size: 1024,
    num_hidden_layers: 8,
    num_attention_heads: 4,
  });
  const rates = { operations: 1e9, attention: 1e9, head: 1e9, updates: 1e9 };
  const row = packed({ ...size, documentTokens: 2000 });
  const planned = trainingBytes(stepMemory(config, rowSize(row), {}, 2));
  const seconds = secondsFor(stepWork(config, rowSize(row), 2), rates);
  const differences = (memory: number, time: number) => {
    const readings = [1e9, 1e9 + memory * planned, 1e9 + memory * planned];
    const check = new PlanCheck({ config, rates, memory: () => readings.shift()! });
    // The first step is not counted, however long it took.
    check.step({ rows: [row, row] }, 1000 * seconds);
    check.step({ rows: [row, row] }, time * seconds);
    return check.differences();
  };
  assertEquals(differences(1, 1), []);
  assertEquals(differences(1.15, 0.85), []);
  const [memory, time] = differences(2, 3);
  assert(/^Training took [\d,]+ MiB of memory; planned were [\d,]+ MiB$/.test(memory), memory);
  assert(/^A step took [\d.,]+ s; planned were [\d.,]+ s$/.test(time), time);
  assertEquals(differences(0.3, 1).length, 1);
});

Deno.test("PlanCheck expects of a device what the plan does", () => {
  const { config } = smallModel();
  const options = { ...size, config, objective: longpo, device: "cuda", documents: 2 } as const;
  const row = packed(size);
  const rates = { operations: 1e9, attention: 1e9, head: 1e9, updates: 1e9, link: 1e7 };
  const plan = planStep(options);
  const check = (bytes: number, seconds: number) => {
    const readings = [0, bytes, bytes];
    const memory = () => readings.shift()!;
    const check = new PlanCheck({ config, rates, device: "cuda", memory });
    for (let step = 0; step < 2; step++) check.step({ rows: [row, row] }, seconds);
    return check.differences();
  };
  const planned = trainingBytes(plan.memory);
  const seconds = plan.seconds(rates);
  assertLess(secondsFor(plan.work, rates), 0.5 * seconds);
  assertEquals(check(planned, seconds), []);
  assertEquals(check(planned + 2 ** 30, 2 * seconds).length, 2);
});

Deno.test("PlanCheck knows whose weights learn, and where numbers lie", () => {
  const { config } = smallModel();
  const row = packed({ ...size, documentTokens: 200 });
  const learning = { moments: "disk", activations: "disk16", clips: false } as const;
  const memory = stepMemory(config, rowSize(row), learning);
  const planned = trainingBytes(memory);
  assertEquals(trainingBytes(memory, true), planned - memory.weights);
  // What is off by some 100 MB may be JavaScript's own.
  const large = 2 ** 30;
  for (const takesOver of [false, true]) {
    const readings = [0, large];
    const check = new PlanCheck({ config, learning, takesOver, memory: () => readings.shift()! });
    check.step({ rows: [row] }, 1);
    const mib = Math.round(trainingBytes(memory, takesOver) / 2 ** 20).toLocaleString("en");
    const told = `Training took 1,024 MiB of memory; planned were ${mib} MiB`;
    assertEquals(check.differences(), [told]);
  }
});

Deno.test("a step of the embedded model is planned, taken and told", async () => {
  const { config, parameters } = await loadModel("examples/model");
  const row = packed({ ...size, documentTokens: 600, turns: 4, layout: "independent" });
  const before = Deno.memoryUsage().rss;
  await using learner = await Learner.open(config, parameters, { objective: longpo });
  await using optimizer = await AdamW.open(learner.artifacts, parameters);
  const batch = { rows: [row], documents: 1, tokens: row.tokens.length };
  const rates = await calibrate(config);
  let seconds = 0;
  for (let step = 0; step < 2; step++) {
    ({ seconds } = await trainStep(learner, optimizer, batch, 1e-4));
  }
  const taken = Deno.memoryUsage().rss - before;
  const planned = trainingBytes(stepMemory(config, rowSize(row)));
  const expected = secondsFor(stepWork(config, rowSize(row), 1), rates);
  const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  console.log(
    `a row of ${row.tokens.length} tokens took ${mib(taken)} and ${seconds.toFixed(3)} s; ` +
      `planned were ${mib(planned)} and ${expected.toFixed(3)} s`,
  );
  assert(planned > 4 * 4 * parameterCount(config) && expected > 0);
});
