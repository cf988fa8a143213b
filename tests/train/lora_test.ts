import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { packBatch } from "../../lib/data/mod.ts";
import { createContext, UserError } from "../../lib/flow/mod.ts";
import { Random } from "../../lib/flow/random.ts";
import {
  type Adapter,
  type LoraConfig,
  mergeAdapter,
  type Model,
  type ModelConfig,
  type PackedRow,
  packRow,
  type Parameters,
  randomAdapter,
  type Weights,
} from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { readArtifacts, writeArtifacts } from "../../lib/onnx/mod.ts";
import {
  AdamW,
  builtFor,
  Learner,
  loadArtifacts,
  loadCheckpoint,
  type StepMetrics,
  Training,
  trainStep,
} from "../../lib/train/mod.ts";
import { architectureCases, loadArchitecture } from "../support/golden_architectures.ts";
import { relativeError } from "../support/golden_cases.ts";
import { learn, total } from "../support/learn.ts";
import { momentsOf } from "../support/moments_of.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";

const model = smallModel();
const { config, parameters } = model;
const lora: LoraConfig = { rank: 3, alpha: 6 };
const random = new Random("lora");
const documents = [[30, [[5, 8], [3, 4]]], [12, [[4, 4]]]] as const;
const row = packRow(
  documents.map(([trunk, answers], at) =>
    randomDocument(random, { id: `${at}`, vocabulary: 40, trunk, answers })
  ),
);

/** An adapter that has learnt something: `B` is not zero any more. */
function learnt(lora: LoraConfig, of = config): Adapter {
  const adapter = randomAdapter(of, lora, 4);
  const own = new Random("B");
  for (const { name, data } of adapter.parameters.values()) {
    if (name.includes("lora_B")) data.forEach((_, i) => data[i] = 0.2 * own.normal());
  }
  return adapter;
}

/** A row's loss with one adapter matrix put in another's place. */
async function lossWith(learner: Learner, change: () => void): Promise<number> {
  const kept = [...learner.learning.values()].map(({ data }) => data.slice());
  change();
  const { loss } = await learner.accumulate(row, 1);
  [...learner.learning.values()].forEach(({ data }, at) => data.set(kept[at]));
  return loss;
}

Deno.test("the gradients of adapters are those of central differences", async () => {
  const options = { objective: longpo, beta: 0.3, lambda: 0.7 };
  for (const targets of [undefined, ["q_proj", "v_proj"], ["down_proj"]]) {
    await using learner = await Learner.open(config, parameters, {
      ...options,
      adapter: learnt({ ...lora, targets }),
    });
    await learner.accumulate(row, 1);
    const gradients = new Map(
      [...learner.gradients].map(([name, data]) => [name, data.slice()] as const),
    );
    for (const [name, { data }] of learner.learning) {
      // Along the gradient the difference is largest, and the least is lost to float32.
      const gradient = gradients.get(name)!;
      const length = Math.hypot(...gradient);
      const step = 5e-3 / length;
      const move = (by: number) => () => data.forEach((_, i) => data[i] += by * gradient[i]);
      const [up, down] = [
        await lossWith(learner, move(step)),
        await lossWith(learner, move(-step)),
      ];
      const slope = (up - down) / (2 * step * length);
      assertAlmostEquals(slope, length, 0.02 * length, `${targets} ${name}`);
    }
  }
});

/** Adapters' gradients that follow from those of the weights that they are merged into. */
function projected(
  { lora, parameters }: Adapter,
  full: ReadonlyMap<string, Float32Array>,
): Map<string, Float64Array> {
  const scale = lora.alpha / lora.rank;
  const gradients = new Map<string, Float64Array>();
  for (const [name, a] of parameters) {
    if (!name.includes("lora_A")) continue;
    const stem = name.replace(".lora_A.weight", "");
    const b = parameters.get(`${stem}.lora_B.weight`)!;
    const dW = full.get(`${stem}.weight`)!;
    const [rank, width] = a.shape;
    const [dA, dB] = [new Float64Array(a.data.length), new Float64Array(b.data.length)];
    for (const [at, gradient] of dW.entries()) {
      const [o, i] = [Math.floor(at / width), at % width];
      for (let r = 0; r < rank; r++) {
        dA[r * width + i] += scale * b.data[o * rank + r] * gradient;
        dB[o * rank + r] += scale * a.data[r * width + i] * gradient;
      }
    }
    gradients.set(name, dA).set(b.name, dB);
  }
  return gradients;
}

async function checkProjection(
  model: { config: ModelConfig; parameters: Parameters },
  row: PackedRow,
): Promise<void> {
  const adapter = learnt(lora, model.config);
  const low = await learn(model, [row], 1, { adapter });
  const merged = { ...model, parameters: mergeAdapter(model.parameters, adapter) };
  const full = await learn(merged, [row], 1);
  const [found, expected] = [low, full].map(({ results: [{ loss }] }) => loss);
  assertAlmostEquals(found, expected, 1e-5 * Math.abs(expected));
  assertEquals([...low.gradients.keys()], [...adapter.parameters.keys()]);
  for (const [name, gradient] of projected(adapter, full.gradients)) {
    const error = relativeError(low.gradients.get(name)!, gradient);
    assert(error <= 1e-4, `${name}: relative error ${error}`);
  }
}

Deno.test("the gradients of adapters are those of the whole weights, projected", async () => {
  await checkProjection(model, row);
});

for (const name of architectureCases) {
  const { learnt, ...model } = await loadArchitecture(name);
  if (!learnt) continue;
  Deno.test(`adapters of ${name} have the gradients of the whole weights, projected`, async () => {
    await checkProjection(model, packRow([learnt.document]));
  });
}

function learnWith(adapter: Adapter): ReturnType<typeof learn> {
  return learn(model, [row], 1, { adapter });
}

Deno.test("a fresh adapter changes nothing, bit by bit", async () => {
  const base = await learn(model, [row], 1);
  for (const targets of [undefined, ["v_proj"]]) {
    const fresh = await learnWith(randomAdapter(config, { ...lora, targets }, 1));
    assertEquals(fresh.results, base.results);
    for (const [name, gradient] of fresh.gradients) {
      assertEquals(gradient.some((x) => x !== 0), name.includes("lora_B"), name);
    }
  }
});

Deno.test("a merged model is the model with its adapter", async () => {
  const adapter = learnt(lora);
  const apart = await learnWith(adapter);
  const merged = await learn({ config, parameters: mergeAdapter(parameters, adapter) }, [row], 1);
  for (const side of ["chosen", "rejected"] as const) {
    const [actual, expected] = [merged, apart].map(({ results }) => results[0].logProbs[side]);
    assert(relativeError(actual, expected) <= 1e-6, `${relativeError(actual, expected)}`);
  }
  const loss = (of: typeof apart) => total(of.results, (result) => result.loss);
  assertAlmostEquals(loss(merged), loss(apart), 1e-5 * loss(apart));
});

Deno.test("only adapters have gradients and moments", async () => {
  const adapter = randomAdapter(config, { ...lora, targets: ["q_proj", "down_proj"] }, 1);
  await using learner = await Learner.open(config, parameters, { objective: longpo, adapter });
  await using optimizer = await AdamW.open(learner.artifacts, learner.learning);
  const names = [0, 1].flatMap((layer) =>
    ["self_attn.q_proj", "mlp.down_proj"].flatMap((module) =>
      ["A", "B"].map((matrix) => `model.layers.${layer}.${module}.lora_${matrix}.weight`)
    )
  );
  assertEquals([...learner.gradients.keys()], names);
  assertEquals(optimizer.moments.names, names);
  const numbers = (map: ReadonlyMap<string, { length: number }>) =>
    [...map.values()].reduce((sum, { length }) => sum + length, 0);
  // q_proj is 16 x 16, down_proj 16 x 24.
  assertEquals(numbers(learner.gradients), 2 * 3 * (16 + 16 + 24 + 16));
  assertEquals(learner.artifacts.has("embed/training_model.onnx"), false);
});

/** A model as training takes it; text is not needed. */
const asModel = (parameters: Parameters) => ({ config, parameters }) as Model;

const batches = Array.from({ length: 4 }, (_, at) =>
  packBatch(
    [20, 9].map((trunk) =>
      randomDocument(random, { id: `${at}/${trunk}`, vocabulary: 40, trunk, answers: [[4, 6]] })
    ),
    64,
  ));

async function* stream<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

const snapshot = (of: Weights) =>
  new Map([...of].map(([name, { data }]) => [name, data.slice()] as const));
const timeless = (metrics: readonly StepMetrics[]) =>
  metrics.map(({ seconds: _, ...others }) => others);

Deno.test("training with an adapter leaves the model's weights as they are, bit by bit", async () => {
  const adapter = randomAdapter(config, lora, 1);
  const [weights, start] = [snapshot(parameters), snapshot(adapter.parameters)];
  const options = { objective: longpo, schedule: { learningRate: 1e-2, steps: 4 } };
  await using training = await Training.open({ model: asModel(parameters), adapter, ...options });
  const stage = training.optimise();
  const again = Array.from({ length: 4 }, () => batches[0]);
  const metrics = await Array.fromAsync(stage(stream(again), createContext()));
  assert(metrics[3].loss < metrics[0].loss);

  assertEquals(snapshot(parameters), weights);
  assertEquals(snapshot(adapter.parameters), start);
  assertEquals(
    training.policy.parameters.get("model.norm.weight"),
    parameters.get("model.norm.weight"),
  );
  const changed = training.adapter!.parameters;
  for (const [name, { data }] of changed) assert(data.some((x, i) => x !== start.get(name)![i]));
  const merged = mergeAdapter(parameters, training.adapter!);
  assertEquals(snapshot(training.policy.parameters), snapshot(merged));
});

Deno.test("a resumed run with an adapter is the uninterrupted one, and its checkpoint holds adapters only", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const run = { lora: "r=3" };
    const schedule = { learningRate: 1e-2, steps: batches.length };
    const path = `${folder}/checkpoint.safetensors`;
    const open = (every?: number) =>
      Training.open({
        model: asModel(parameters),
        adapter: randomAdapter(config, lora, 1),
        objective: longpo,
        schedule,
        ...(every === undefined ? {} : { checkpoint: { path, every, run } }),
      });
    await using whole = await open();
    const expected = await Array.fromAsync(whole.optimise()(stream(batches), createContext()));

    await using first = await open(1);
    for await (const { step } of first.optimise()(stream(batches), createContext())) {
      if (step === 2) break;
    }
    const { size } = await Deno.stat(path);
    const numbers = [...first.adapter!.parameters.values()]
      .reduce((sum, { data }) => sum + data.length, 0);
    assert(size < 3 * 4 * numbers + 20_000, `${size}`);

    await using second = await open(1);
    assertEquals(second.optimizer.step, 2);
    const all = await Array.fromAsync(second.optimise()(stream(batches), createContext()));
    assertEquals(timeless(all), timeless(expected));
    assertEquals(second.adapter, whole.adapter);
    const [moments, expectedMoments] = [second, whole].map(({ optimizer }) => optimizer.moments);
    assertEquals(await momentsOf(moments), await momentsOf(expectedMoments));

    await using plain = await Learner.open(config, parameters, { objective: longpo });
    await using optimizer = await AdamW.open(plain.artifacts, plain.learning);
    await assertRejects(
      () => loadCheckpoint(path, plain.learning, optimizer, run),
      UserError,
      "not of this model",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("graphs with adapters are written, read again, and refused for others", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const adapter = randomAdapter(config, lora, 1);
    const purpose = { config, objective: longpo, aggregation: "sum" } as const;
    await using built = await Learner.open(config, parameters, { objective: longpo, adapter });
    await writeArtifacts(folder, built.artifacts, builtFor({ ...purpose, lora }));
    const { manifest } = await readArtifacts(folder);
    assertEquals(
      manifest.segments.map(({ name, training }) => [name, training !== undefined]),
      [["embed", false], ["first_layer", true], ["layer", true], ["head", true]],
    );
    const artifacts = await loadArtifacts(folder, { ...purpose, lora });
    await using read = await Learner.open(config, parameters, {
      objective: longpo,
      adapter: randomAdapter(config, lora, 1),
      artifacts,
    });
    assertEquals(await read.accumulate(row, 1), await built.accumulate(row, 1));
    assertEquals(read.gradients, built.gradients);

    await assertRejects(() => loadArtifacts(folder, purpose), UserError, "needs no adapters");
    const wider = { ...purpose, lora: { ...lora, rank: 4 } };
    await assertRejects(
      () => loadArtifacts(folder, wider),
      UserError,
      "lora r=3,alpha=6,targets=q",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a step with an adapter updates what learns alone", async () => {
  const adapter = randomAdapter(config, { ...lora, targets: ["o_proj"] }, 1);
  await using learner = await Learner.open(config, parameters, { objective: longpo, adapter });
  await using optimizer = await AdamW.open(learner.artifacts, learner.learning);
  const metrics = [];
  for (const _ of [1, 2, 3]) metrics.push(await trainStep(learner, optimizer, batches[0], 1e-2));
  assert(metrics[2].loss < metrics[0].loss);
  assertEquals(snapshot(parameters), snapshot(smallModel().parameters));
});
