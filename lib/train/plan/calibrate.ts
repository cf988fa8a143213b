/**
 * Measures a machine by what training steps run: their own graphs, on rows that take little time.
 *
 * @module
 */

import { Random } from "../../flow/random.ts";
import {
  HEAD_CHUNK,
  layerInputs,
  type LoraConfig,
  type ModelConfig,
  type PackedRow,
  packRow,
  randomAdapter,
  randomParameters,
} from "../../model/mod.ts";
import { rowAttention } from "../../model/blocks/row_attention.ts";
import { longpo } from "../../objective/mod.ts";
import {
  buildArtifacts,
  CHUNK_TOKENS,
  gradientName,
  type Segment,
  segmentPaths,
} from "../../onnx/mod.ts";
import {
  type Device,
  floats,
  type HostTensor,
  observeRuns,
  Session,
  type SessionOptions,
} from "../../runtime/mod.ts";
import { AdamW } from "../adamw.ts";
import { Learner } from "../learner.ts";
import { learningCount } from "./learning_size.ts";
import type { Rates } from "./rates.ts";
import { rowSize } from "./row_size.ts";
import { type StepWork, stepWork } from "./work.ts";

/** How rates are measured. */
export interface CalibrateOptions {
  /** What is measured. @default {"cpu"} */
  device?: Device;
  /** Threads of one operator; 0 is one a core. @default {0} */
  threads?: number;
  /** Runs of each graph, of which the quickest counts. @default {3} */
  runs?: number;
  /** Adapters that learn in place of the weights. @default {none} */
  lora?: LoraConfig;
}

/** Operations of a layer's products that are enough to measure: larger layers get shorter rows. */
const ENOUGH = 6e10;

/** Numbers of the head's matrix that are enough: more of the same takes more time, at the same rate. */
const LARGEST_MATRIX = 2 ** 24;

/** Tokens of attention's row: long enough for tiles of keys that all of a block's queries see. */
const ATTENTION_TOKENS = 2 * CHUNK_TOKENS;

const LEAST_TOKENS = 2 * HEAD_CHUNK;

/** A model of one layer, whose step takes little time. */
function small(config: ModelConfig): ModelConfig {
  const words = Math.max(HEAD_CHUNK, Math.floor(LARGEST_MATRIX / config.hiddenSize));
  return { ...config, layerCount: 1, vocabSize: Math.min(config.vocabSize, words) };
}

/** A row of one document with two answers, which fill a chunk of the head. */
function madeUpRow({ vocabSize }: ModelConfig, tokens: number): PackedRow {
  const random = new Random(1);
  const words = (count: number) => Array.from({ length: count }, () => random.int(vocabSize));
  const answer = HEAD_CHUNK / 2;
  const trunk = words(tokens - 2 * answer);
  const sequences = (["chosen", "rejected"] as const).map((side) => {
    const ids = [...trunk, ...words(answer)];
    const turnOf = ids.map((_, at) => at < trunk.length ? -1 : 0);
    return { side, ids, turnOf, inNll: turnOf.map((turn) => side === "chosen" && turn >= 0) };
  });
  const reference = { referenceChosen: [-answer], referenceRejected: [-answer] };
  return packRow([{ id: "made up", sequences, ...reference }]);
}

/** Counts the least seconds that runs of each session took. */
function watchLeast(): Map<string, number> & Disposable {
  const least = new Map<string, number>();
  const watch = observeRuns(({ name, start, end }) => {
    least.set(name, Math.min(least.get(name) ?? Infinity, (end - start) / 1000));
  });
  return Object.assign(least, { [Symbol.dispose]: () => watch[Symbol.dispose]() });
}

/** Does something once to make it ready, then so many times, of which the least time counts. */
async function leastSeconds(runs: number, work: () => Promise<unknown>): Promise<number> {
  await work();
  let least = Infinity;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    least = Math.min(least, (performance.now() - start) / 1000);
  }
  return least;
}

/** Attention without what is around it. */
function attentionSegment(config: ModelConfig): Segment {
  const { headCount, keyValueHeadCount, headSize } = config;
  return {
    name: "attention",
    build(g) {
      const input = (name: string, heads: number) =>
        g.input(name, "float32", ["tokens", heads * headSize]);
      const flowing = [input("q", headCount), input("k", keyValueHeadCount)];
      flowing.push(input("v", keyValueHeadCount));
      const { attend, kept } = rowAttention(g, config);
      const [q, k, v] = flowing;
      const outputs = { hidden: attend(q, k, v) };
      return { flowing, parameters: [], outputs, differentiable: "hidden", kept };
    },
  };
}

/** Seconds of attention's forward and backward over a row. */
async function attentionSeconds(
  config: ModelConfig,
  row: PackedRow,
  runs: number,
  session: SessionOptions,
): Promise<number> {
  const files = buildArtifacts([attentionSegment(config)]);
  const paths = segmentPaths("attention");
  const open = (path: string) => Session.open(files.get(path)!, { ...session, name: path });
  await using forward = await open(paths.eval);
  await using backward = await open(paths.training);
  const tokens = row.tokens.length;
  const random = new Random(1);
  const values = (heads: number): HostTensor => {
    const width = heads * config.headSize;
    return floats(Float32Array.from({ length: tokens * width }, () => random.next() / width), [
      tokens,
      width,
    ]);
  };
  const { cos: _, sin: __, ...cut } = layerInputs(row, config);
  const [q, k, v] = [config.headCount, config.keyValueHeadCount, config.keyValueHeadCount]
    .map(values);
  const feeds = { q, k, v, ...cut };
  return await leastSeconds(runs, async () => {
    const { hidden, ...kept } = await forward.run(feeds);
    await backward.run({ ...feeds, ...kept, [gradientName("hidden")]: hidden });
  });
}

/** Seconds of a layer, of the head and of an update, each forward and backward, in a step on a row. */
async function stepSeconds(
  config: ModelConfig,
  row: PackedRow,
  { lora, runs = 3, ...session }: CalibrateOptions,
): Promise<{ layer: number; head: number; update: number }> {
  const parameters = randomParameters(config, 1);
  const adapter = lora && randomAdapter(config, lora, 1);
  const options = { objective: longpo, adapter, ...session };
  await using learner = await Learner.open(config, parameters, options);
  await using optimizer = await AdamW.open(learner.artifacts, learner.learning, {}, session);
  await learner.accumulate(row, 1);
  using least = watchLeast();
  for (let run = 0; run < runs; run++) await learner.accumulate(row, 1);
  const head = least.get(segmentPaths("head").training)!;
  const isLayer = (name: string) => !/^(head|embed)\//.test(name);
  const layer = [...least].reduce((sum, [name, time]) => isLayer(name) ? sum + time : sum, 0);
  const update = () => optimizer.update(learner.learning, learner.gradients, 0);
  return { layer, head, update: await leastSeconds(runs, update) };
}

/**
 * Measures a layer, attention, the head and an update as steps run them: in some two seconds.
 *
 * The model has one layer and some of the vocabulary, and weights are made up.
 */
export async function calibrate(
  config: ModelConfig,
  options: CalibrateOptions = {},
): Promise<Rates> {
  const { runs = 3, lora, ...session } = options;
  const model = small(config);
  const workOf = (row: PackedRow): StepWork => stepWork(model, rowSize(row), 1, { lora });

  const long = madeUpRow(model, ATTENTION_TOKENS);
  const attention = workOf(long).attention / await attentionSeconds(model, long, runs, session);

  const perToken = workOf(long).backward / ATTENTION_TOKENS;
  const tokens = Math.min(CHUNK_TOKENS, Math.max(LEAST_TOKENS, Math.floor(ENOUGH / perToken)));
  const row = madeUpRow(model, tokens);
  const work = workOf(row);
  const { layer, head, update } = await stepSeconds(model, row, options);
  const products = work.forward + work.recompute + work.backward - work.attention;
  return {
    // Attention takes its part of the layer, and no part leaves nothing for the rest.
    operations: products / Math.max(layer - work.attention / attention, layer / 4),
    attention,
    head: work.head / head,
    updates: learningCount(model, lora) / update,
  };
}
