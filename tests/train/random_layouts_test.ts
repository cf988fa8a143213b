// What the engine learns from rows of any shape, packed, shared, in blocks, chunks and segments, is what
// a dense float64 model learns from their sequences one by one.
import { assert, assertEquals, assertLess } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import {
  graphsOf,
  layerKinds,
  type ModelConfig,
  packRow,
  parseConfig,
  randomParameters,
  type SequencedDocument,
} from "../../lib/model/mod.ts";
import { objectiveNamed } from "../../lib/objective/mod.ts";
import { type ArtifactFiles, buildArtifacts, chunked } from "../../lib/onnx/mod.ts";
import { Learner, type LearnerOptions, trainingSegments } from "../../lib/train/mod.ts";
import { relativeError } from "../support/golden_cases.ts";
import { randomLayout } from "../support/random_layout.ts";
import { denseLearn, type DenseLearnt } from "./dense/learn.ts";
import { denseLlama } from "./dense/llama.ts";
import type { DenseObjective } from "./dense/loss.ts";

/** Layouts of each setting. */
const LAYOUTS = 30;

/** Of a tensor's largest number; log-probs are a tensor of turns. */
const TOLERANCE = 1e-5;

const VOCABULARY = 48;

/** Ways to compute a model, and what is minimised with it. */
interface Setting {
  config: Record<string, unknown>;
  objective: DenseObjective;
}

const plain = { model_type: "llama", num_attention_heads: 4 };
const grouped = { ...plain, num_key_value_heads: 2, tie_word_embeddings: true };
const longpo: DenseObjective = { name: "longpo", aggregation: "sum", beta: 0.1, lambda: 0.7 };

const settings: Record<string, Setting> = {
  "longpo": { config: plain, objective: longpo },
  "longpo by turn, grouped heads, tied": {
    config: { ...grouped, hidden_size: 32, rope_theta: 500 },
    objective: { ...longpo, aggregation: "mean", beta: 0.3 },
  },
  "longpo, one key-value head of a width of its own": {
    config: { ...plain, num_key_value_heads: 1, head_dim: 6, hidden_size: 20 },
    objective: { ...longpo, aggregation: "logsumexp" },
  },
  "dpo": { config: grouped, objective: { ...longpo, name: "dpo" } },
  "dpo by turn, a window of 7": {
    config: { ...plain, model_type: "mistral", sliding_window: 7 },
    objective: { ...longpo, name: "dpo", aggregation: "mean" },
  },
  "longpo, a window of 40, grouped heads": {
    config: { ...grouped, model_type: "mistral", sliding_window: 40, tie_word_embeddings: false },
    objective: longpo,
  },
  "longpo, one layer without positions and one with a window": {
    config: {
      ...grouped,
      model_type: "smollm3",
      no_rope_layers: [0, 1],
      use_sliding_window: true,
      sliding_window: 16,
      layer_types: ["full_attention", "sliding_attention"],
    },
    objective: { ...longpo, aggregation: "mean" },
  },
  "sft": { config: grouped, objective: { ...longpo, name: "sft" } },
};

/** Mostly short rows; some about a block of attention long, and some of several blocks. */
function rowTokens(random: Random): number {
  const [around, most] = random.pick([[10, 50], [10, 50], [10, 90], [120, 20], [100, 200]]);
  return around + random.int(most);
}

/** Training artifacts with layers that go through rows of more than 24 tokens in chunks. */
function chunkedLayers(
  config: ModelConfig,
  { name, aggregation }: DenseObjective,
): ArtifactFiles {
  const layers = new Map(
    layerKinds(config).map((kind) => {
      const layer = graphsOf(config).layer(config, kind);
      return [kind.name, chunked(layer, { chunkLength: 24 })];
    }),
  );
  const segments = trainingSegments(config, objectiveNamed(name), aggregation);
  return buildArtifacts(segments.map((segment) => layers.get(segment.name) ?? segment));
}

/** Fails where the engine's results are further from the dense ones than float32 explains. */
function assertSame(
  found: Omit<DenseLearnt, "gradients">,
  gradients: ReadonlyMap<string, ArrayLike<number>>,
  expected: DenseLearnt,
  of: string,
): void {
  const near = (actual: ArrayLike<number>, wanted: ArrayLike<number>, what: string) =>
    assertLess(relativeError(actual, wanted), TOLERANCE, `${of}: ${what}`);
  near([found.loss], [expected.loss], "loss");
  near([found.nll], [expected.nll], "NLL");
  assertEquals(found.preference === undefined, expected.preference === undefined);
  if (expected.preference) near([found.preference!], [expected.preference], "preference");
  near(found.chosen, expected.chosen, "log-probs of chosen answers");
  near(found.rejected, expected.rejected, "log-probs of rejected answers");
  assertEquals([...gradients.keys()].sort(), [...expected.gradients.keys()].sort());
  for (const [name, gradient] of expected.gradients) near(gradients.get(name)!, gradient, name);
}

/** Learns documents in one row or several. */
async function learnRows(learner: Learner, rows: readonly SequencedDocument[][]) {
  learner.clear();
  const results = [];
  for (const row of rows) {
    results.push(await learner.accumulate(packRow(row), 1 / rows.flat().length));
  }
  const sum = (of: readonly number[]) => of.reduce((a, b) => a + b);
  const preferences = results.flatMap(({ preference }) => preference ?? []);
  return {
    loss: sum(results.map(({ loss }) => loss)),
    nll: sum(results.map(({ nll }) => nll)),
    ...(preferences.length > 0 ? { preference: sum(preferences) } : {}),
    chosen: results.flatMap(({ logProbs }) => [...logProbs.chosen]),
    rejected: results.flatMap(({ logProbs }) => [...logProbs.rejected]),
  };
}

for (const [name, { config: own, objective }] of Object.entries(settings)) {
  Deno.test(`random layouts teach what a dense float64 model learns: ${name}`, async () => {
    const raw = {
      vocab_size: VOCABULARY,
      hidden_size: 16,
      intermediate_size: 24,
      num_hidden_layers: 2,
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      initializer_range: 0.15,
      tie_word_embeddings: false,
      ...own,
    };
    const config = parseConfig(raw);
    const parameters = randomParameters(config, 5);
    const dense = denseLlama(raw, parameters);
    const { name: loss, ...numbers } = objective;
    const open = (options: Partial<LearnerOptions>) =>
      Learner.open(config, parameters, {
        ...numbers,
        ...options,
        objective: objectiveNamed(loss),
        threads: 1,
      });
    await using byLayer = await open({});
    await using atOnce = await open({ segment: "model" });
    await using inChunks = await open({ artifacts: chunkedLayers(config, objective) });
    // The usual way is held to every layout, each of the others to a third of them.
    const ways = [{ byLayer, atOnce }, { byLayer, inChunks }, { byLayer }];

    let several = 0;
    for (let layout = 0; layout < LAYOUTS; layout++) {
      const random = new Random("random layouts").fork(name, layout);
      const documents = randomLayout(random, {
        vocabulary: VOCABULARY,
        tokens: rowTokens(random),
        chosenOnly: loss === "sft",
      });
      const cut = random.int(documents.length + 1);
      const rows = [documents.slice(0, cut), documents.slice(cut)].filter((row) => row.length > 0);
      several += Number(rows.some((row) => row.length > 1));
      const expected = denseLearn(dense, documents, objective);
      for (const [way, learner] of Object.entries(ways[layout % ways.length])) {
        const found = await learnRows(learner, rows);
        assertSame(found, learner.gradients, expected, `layout ${layout}, ${way}`);
      }
    }
    assert(several > 0);
  });
}
