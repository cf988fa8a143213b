import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { packBatch } from "../../lib/data/mod.ts";
import { createContext, Random, UserError } from "../../lib/flow/mod.ts";
import {
  type HalfDtype,
  halfFormats,
  type HalfParameter,
  type Model,
  packRow,
  type Parameters,
  randomAdapter,
  readSafetensors,
  type Weights,
  widened,
} from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { buildArtifacts } from "../../lib/onnx/mod.ts";
import {
  AdamW,
  type AdamWOptions,
  type SegmentChoice,
  type StepMetrics,
  Training,
  type TrainingOptions,
} from "../../lib/train/mod.ts";
import { WeightRounding } from "../../lib/train/weight_parts.ts";
import { halfModel } from "../support/half_model.ts";
import { learn } from "../support/learn.ts";
import { randomDocument } from "../support/random_document.ts";

const DTYPES = Object.keys(halfFormats) as HalfDtype[];
const random = new Random("half weights");
const document = (id: string) =>
  randomDocument(random, { id, vocabulary: 40, trunk: 20, answers: [[4, 6], [3, 5]] });
const row = packRow([document("a"), document("b")]);
const batches = Array.from({ length: 4 }, (_, at) => packBatch([document(`${at}`)], 64));

const bitsOf = (weights: Weights) =>
  new Map([...weights].map(([name, { data }]) => [name, data.slice()] as const));
const timeless = (metrics: readonly StepMetrics[]) =>
  metrics.map(({ seconds: _, ...others }) => others);

async function* stream<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

for (const dtype of DTYPES) {
  Deno.test(`a row of a model in ${dtype} gives what float32 of the same numbers gives, bit by bit`, async () => {
    for (const tied of [false, true]) {
      const { config, weights, parameters } = halfModel(dtype, { tied });
      for (const segment of ["layer", "model"] as const satisfies readonly SegmentChoice[]) {
        const half = await learn({ config, parameters: weights }, [row, row], 0.5, { segment });
        const whole = await learn({ config, parameters }, [row, row], 0.5, { segment });
        assertEquals(half, whole);
      }
    }
  });

  Deno.test(`adapters of a model in ${dtype} learn what they learn of the same numbers in float32`, async () => {
    const { config, weights, parameters } = halfModel(dtype);
    const before = bitsOf(weights);
    const adapter = randomAdapter(config, { rank: 2, alpha: 8 }, 1);
    const [half, whole] = await Promise.all([weights, parameters].map(async (parameters) => {
      const model = { config, parameters } as Model;
      const schedule = { learningRate: 1e-2, steps: 4 };
      await using training = await Training.open({ model, adapter, objective: longpo, schedule });
      const stage = training.optimise();
      const metrics = await Array.fromAsync(stage(stream(batches), createContext()));
      return { metrics: timeless(metrics), adapter: training.adapter, policy: training.policy };
    }));
    assertEquals(half.metrics, whole.metrics);
    assertEquals(half.adapter, whole.adapter);
    assertEquals(bitsOf(weights), before);
    const merged = half.policy.parameters.get("model.layers.0.mlp.up_proj.weight")!;
    assertEquals(merged.dtype, dtype);
    assertNotEquals(merged.data, before.get(merged.name));
  });
}

/** A run on a model in bfloat16. */
function training(options: Partial<TrainingOptions> = {}): Promise<Training> {
  const { config, weights } = halfModel("bfloat16");
  const model = { config, parameters: weights } as Model;
  const schedule = { learningRate: 1e-3, steps: 4 };
  return Training.open({ model, objective: longpo, schedule, ...options });
}

Deno.test("the first step's loss in bfloat16 is float32's, and the weights that learn stay in 16 bits", async () => {
  const { config, weights, parameters } = halfModel("bfloat16");
  const first = async (given: Weights) => {
    await using run = await training({ model: { config, parameters: given } as Model });
    const stage = run.optimise();
    const [{ loss, grad_norm }] = await Array.fromAsync(
      stage(stream([batches[0]]), createContext()),
    );
    return { told: { loss, grad_norm }, after: run.policy.parameters };
  };
  const [half, whole] = [await first(weights), await first(parameters)];
  assertEquals(half.told, whole.told);
  for (const [name, { data, shape }] of half.after) {
    assert(data instanceof Uint16Array, name);
    assertEquals(data.byteLength, 2 * shape.reduce((a, b) => a * b, 1));
    assertNotEquals(data, weights.get(name)!.data);
    // Every number is one of the two that are next to the one that float32 has learnt.
    const found = widened(half.after).get(name)!.data;
    const expected = whole.after.get(name)!.data;
    const step = (number: number) => 2 ** (Math.floor(Math.log2(Math.abs(number))) - 7);
    for (const [at, number] of expected.entries()) {
      assert(Math.abs(found[at] - number) < step(number), `${name} ${found[at]} ${number}`);
    }
  }
});

for (const maxGradientNorm of [1, Infinity]) {
  Deno.test(`a resumed run in bfloat16 is the uninterrupted one, gradients cut to ${maxGradientNorm}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const run = { seed: "1" };
      const adamW = { maxGradientNorm, seed: 1 };
      const learn = async (
        path: string,
        given: typeof batches,
        more: Partial<AdamWOptions> = {},
      ) => {
        const checkpoint = { path, every: 1, run };
        await using run_ = await training({ adamW: { ...adamW, ...more }, checkpoint });
        const stage = run_.optimise();
        const metrics = await Array.fromAsync(stage(stream(given), createContext()));
        return { metrics: timeless(metrics), weights: bitsOf(run_.policy.parameters) };
      };
      const whole = await learn(`${folder}/whole`, batches);
      await learn(`${folder}/parts`, batches.slice(0, 2));
      assertEquals(await learn(`${folder}/parts`, batches), whole);
      const other = await learn(`${folder}/other`, batches, { seed: 2 });
      assertNotEquals(other.weights, whole.weights);

      const { tensors } = await readSafetensors(`${folder}/whole`);
      for (const [key, { dtype }] of tensors) {
        assertEquals(dtype, key.startsWith("parameter/") ? "BF16" : "F32", key);
      }
      const { config, parameters } = halfModel("bfloat16");
      await assertRejects(
        () =>
          training({
            model: { config, parameters } as Model,
            checkpoint: { path: `${folder}/whole`, every: 1, run },
          }),
        UserError,
        "in another number format",
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** One weight in 16 bits, all of it one number. */
function constant(dtype: HalfDtype, number: number, length: number): Weights {
  const data = new Uint16Array(length);
  halfFormats[dtype].narrow(new Float32Array(length).fill(number), data);
  const weight: HalfParameter = { name: "w", shape: [length], dtype, data };
  return new Map([["w", weight]]);
}

async function update(weights: Weights, learningRate: number, options: AdamWOptions = {}) {
  const [{ data }] = weights.values();
  const gradients = new Map([["w", new Float32Array(data.length).fill(1)]]);
  await using optimizer = await AdamW.open(buildArtifacts([]), weights, {
    maxGradientNorm: Infinity,
    ...options,
  });
  await optimizer.update(weights, gradients, learningRate);
  return optimizer;
}

function mean(parameters: Parameters): number {
  const [{ data }] = parameters.values();
  return data.reduce((sum, number) => sum + number, 0) / data.length;
}

for (const dtype of DTYPES) {
  Deno.test(`updates far below what ${dtype} tells apart are there in the mean`, async () => {
    // More than one part of an update; AdamW's first step is the learning rate.
    const length = 300_000;
    for (const [rate, tolerance] of [[1e-4, 0.05], [1e-5, 0.15]]) {
      const weights = constant(dtype, 1, length);
      await update(weights, rate);
      const moved = 1 - mean(widened(weights));
      assert(Math.abs(moved / rate - 1) < tolerance, `${rate}: ${moved}`);
      // Nearest rounding would have left every one of them.
      const changed = widened(weights).get("w")!.data.filter((number) => number !== 1);
      assert(changed.length > 0 && changed.length < length / 4);
    }
  });
}

Deno.test("rounding is of a seed, a step and a weight", async () => {
  const drawn = async (name: string, options: AdamWOptions = {}) => {
    const [[, weight]] = constant("bfloat16", 1, 5000);
    await update(new Map([["w", { ...weight, name }]]), 1e-3, options);
    return weight.data;
  };
  const first = await drawn("w");
  assertEquals(await drawn("w"), first);
  assertEquals(await drawn("w", { seed: 0 }), first);
  assertNotEquals(await drawn("w", { seed: 1 }), first);
  assertNotEquals(await drawn("v"), first);

  const weights = constant("bfloat16", 1, 5000);
  await update(weights, 0);
  assertEquals(weights, constant("bfloat16", 1, 5000));
  await update(weights, 1e-3, { select: () => ({ rateScale: 0 }) });
  assertEquals(weights, constant("bfloat16", 1, 5000));
});

Deno.test("a weight that becomes too large for float16 ends the step, and is named", async () => {
  const weights = constant("float16", -65504, 8);
  const error = await assertRejects(() => update(weights, 1), UserError);
  assertEquals(error.message, '"w" holds -65505 after step 1, which is too large for float16');
  await update(constant("bfloat16", -65504, 8), 1);
});

Deno.test("parts of a weight are rounded by chances of their own", () => {
  const [length, count] = [256, 512];
  const weight: HalfParameter = {
    name: "w",
    shape: [count],
    dtype: "bfloat16",
    data: new Uint16Array(count).fill(0x3f80),
  };
  const parts = new WeightRounding(1).parts(weight, 1);
  for (const from of [0, length]) {
    // Half-way between 1 and the next number: either is as likely.
    parts.open(from, length).fill(1 + 2 ** -8);
    parts.close();
  }
  const [first, second] = [weight.data.slice(0, length), weight.data.slice(length)];
  assertNotEquals(first, second);
  for (const part of [first, second]) assertEquals(new Set(part), new Set([0x3f80, 0x3f81]));
});
