/**
 * Measures a machine by what training steps run: their own graphs, on rows that take little time.
 *
 * @module
 */

import {
  HEAD_CHUNK,
  type LoraConfig,
  type ModelConfig,
  type PackedRow,
  randomAdapter,
} from "../../model/mod.ts";
import { longpo } from "../../objective/mod.ts";
import { CHUNK_TOKENS } from "../../onnx/mod.ts";
import { type Device, observeRuns, type SessionOptions } from "../../runtime/mod.ts";
import { AdamW } from "../adamw.ts";
import { Learner } from "../learner.ts";
import { Attention } from "./calibration/attention.ts";
import { madeUpRow, small, smallWeights } from "./calibration/made_up.ts";
import { learningCount } from "./learning_size.ts";
import type { Rates } from "./rates.ts";
import { rowSize } from "./row_size.ts";
import { stepWork } from "./work.ts";

/** How rates are measured. */
export interface CalibrateOptions {
  /** What is measured. @default {"cpu"} */
  device?: Device;
  /** Threads of one operator; 0 is one a core. @default {0} */
  threads?: number;
  /** Runs of each graph, of which the one in the middle counts. @default {3} */
  runs?: number;
  /** Adapters that learn in place of the weights. @default {none} */
  lora?: LoraConfig;
  /** Stops it between two runs. */
  signal?: AbortSignal;
}

/** Operations of a layer's backward that are enough to measure: larger layers get shorter rows. */
const ENOUGH = 6e10;

/** Tokens of a row: of more than one chunk. */
const MOST_TOKENS = 1.5 * CHUNK_TOKENS;

/** Documents of a row, so that little of it is attention. */
const DOCUMENTS = 4;

/** Tokens of attention's row, for some tiles of keys that all of a block's queries see. */
const ATTENTION_TOKENS = 3 * CHUNK_TOKENS;

/** What a session's time is counted for; nothing where it is none of these. */
function partOf(name: string): "head" | "layers" | undefined {
  if (name.startsWith("head/")) return "head";
  return name.includes("/") && !/^(embed|attention)\//.test(name) ? "layers" : undefined;
}

/** Seconds by what took them, turn by turn. */
class Times {
  readonly #turns: Map<string, number>[] = [];

  /** From here on a further turn is counted. */
  begin(): void {
    this.#turns.push(new Map());
  }

  /** Adds to what the turn took already. */
  add(name: string, seconds: number): void {
    const turn = this.#turns.at(-1)!;
    turn.set(name, (turn.get(name) ?? 0) + seconds);
  }

  /** Of all turns the one in the middle: steps meet what the machine does beside as often. */
  of(name: string): number {
    const sorted = this.#turns.map((turn) => turn.get(name)!).sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  }
}

/** Something to be measured. */
type Run = () => Promise<unknown>;

/** Seconds that something takes. */
async function secondsOf(work: Run): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** A row's gradients and an update, again and again. */
interface Step extends AsyncDisposable {
  readonly run: Run;
  readonly update: Run;
}

/** A row's gradients and an update. */
async function openStep(
  config: ModelConfig,
  row: PackedRow,
  lora: LoraConfig | undefined,
  session: SessionOptions,
): Promise<Step> {
  const adapter = lora && randomAdapter(config, lora, 1);
  const options = { objective: longpo, adapter, ...session };
  await using opening = new AsyncDisposableStack();
  const learner = opening.use(await Learner.open(config, smallWeights(config), options));
  const { artifacts, learning } = learner;
  const optimizer = opening.use(await AdamW.open(artifacts, learning, {}, session));
  const opened = opening.move();
  return {
    run: () => learner.accumulate(row, 1),
    update: () => optimizer.update(learning, learner.gradients, 0),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** How long a row is that takes no longer than it has to: documents of as many tokens each. */
function tokensFor(config: ModelConfig, lora?: LoraConfig): number {
  const size = { tokens: 1, predictions: 0, answers: 0, pairs: 0 };
  const enough = Math.floor(ENOUGH / stepWork(config, size, 1, { lora }).backward);
  const tokens = Math.min(MOST_TOKENS, Math.max(2 * HEAD_CHUNK, enough));
  return tokens - tokens % DOCUMENTS;
}

/**
 * Measures a layer, attention, the head and an update as steps run them: in a few seconds.
 *
 * The model has two layers and some of the vocabulary, and weights are made up. The layer's row is of
 * short documents; attention is a long one's beyond that of short ones, which grows with the tokens as
 * all else does. What is measured takes turns, so that a moment in which the machine does something
 * else spoils none of it.
 */
export async function calibrate(
  config: ModelConfig,
  { runs = 3, lora, device, threads, signal }: CalibrateOptions = {},
): Promise<Rates> {
  const session = { device, threads };
  const model = small(config);
  const row = madeUpRow(model, tokensFor(model, lora), DOCUMENTS);
  const [one, several] = [1, 2 * DOCUMENTS].map((documents) =>
    madeUpRow(model, ATTENTION_TOKENS, documents)
  );
  await using attention = await Attention.open(model, session);
  await using step = await openStep(model, row, lora, session);
  const measured = {
    one: attention.over(one),
    several: attention.over(several),
    step: step.run,
    update: step.update,
  };
  // The first time also makes everything ready.
  for (const run of Object.values(measured)) {
    signal?.throwIfAborted();
    await run();
  }
  const times = new Times();
  using _watch = observeRuns(({ name, start, end }) => {
    const part = partOf(name);
    if (part) times.add(part, (end - start) / 1000);
  });
  for (let turn = 0; turn < runs; turn++) {
    times.begin();
    for (const [name, run] of Object.entries(measured)) {
      signal?.throwIfAborted();
      times.add(name, await secondsOf(run));
    }
  }
  const workOf = (row: PackedRow) => stepWork(model, rowSize(row), 1, { lora });
  const work = workOf(row);
  const more = (workOf(one).attention - workOf(several).attention) / model.layerCount;
  // However the times come out, something is left for each part.
  const attending = more / Math.max(times.of("one") - times.of("several"), times.of("one") / 4);
  const layers = times.of("layers");
  const products = work.forward + work.recompute + work.backward - work.attention;
  return {
    operations: products / Math.max(layers - work.attention / attending, layers / 4),
    attention: attending,
    head: work.head / times.of("head"),
    updates: learningCount(model, lora) / times.of("update"),
  };
}
