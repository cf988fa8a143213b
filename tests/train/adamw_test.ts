import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { Random } from "../../lib/flow/random.ts";
import type { Parameters } from "../../lib/model/mod.ts";
import { buildArtifacts } from "../../lib/onnx/mod.ts";
import { AdamW, type AdamWOptions } from "../../lib/train/mod.ts";
import { relativeError } from "../support/golden_cases.ts";
import { momentsOf } from "../support/moments_of.ts";

type PlainOptions = Required<Omit<AdamWOptions, "select" | "moments" | "momentsFile" | "seed">>;

/** AdamW as algorithm 2 of Loshchilov and Hutter has it, in float64. */
class PlainAdamW {
  readonly parameters: Map<string, Float64Array>;
  readonly #first = new Map<string, Float64Array>();
  readonly #second = new Map<string, Float64Array>();
  readonly #options: PlainOptions;
  #step = 0;

  constructor(parameters: Parameters, options: PlainOptions) {
    this.parameters = new Map(
      [...parameters].map(([name, { data }]) => [name, Float64Array.from(data)]),
    );
    for (const [name, { length }] of this.parameters) {
      this.#first.set(name, new Float64Array(length));
      this.#second.set(name, new Float64Array(length));
    }
    this.#options = options;
  }

  /** Returns the norm before clipping. */
  update(
    gradients: ReadonlyMap<string, Float32Array>,
    rate: number,
    decayed: (name: string) => boolean,
  ): number {
    const { beta1, beta2, epsilon, weightDecay, maxGradientNorm } = this.#options;
    let squares = 0;
    for (const gradient of gradients.values()) {
      for (const value of gradient) squares += value * value;
    }
    const norm = Math.sqrt(squares);
    const clip = Math.min(1, maxGradientNorm / (norm + 1e-6));
    this.#step++;
    for (const [name, gradient] of gradients) {
      const [parameter, first, second] = [this.parameters, this.#first, this.#second]
        .map((kind) => kind.get(name)!);
      gradient.forEach((value, at) => {
        const clipped = value * clip;
        first[at] = beta1 * first[at] + (1 - beta1) * clipped;
        second[at] = beta2 * second[at] + (1 - beta2) * clipped ** 2;
        const mean = first[at] / (1 - beta1 ** this.#step);
        const spread = Math.sqrt(second[at] / (1 - beta2 ** this.#step)) + epsilon;
        if (decayed(name)) parameter[at] -= rate * weightDecay * parameter[at];
        parameter[at] -= rate * mean / spread;
      });
    }
    return norm;
  }
}

const shapes: Readonly<Record<string, number[]>> = { matrix: [6, 5], vector: [7], wide: [3, 40] };

function randomArrays(random: Random, scale: number): Map<string, Float32Array<ArrayBuffer>> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const length = shape.reduce((product, dim) => product * dim, 1);
      return [name, Float32Array.from({ length }, () => scale * random.normal())];
    }),
  );
}

function asParameters(arrays: ReadonlyMap<string, Float32Array>): Parameters {
  return new Map(
    [...arrays].map(([name, data]) => [name, { name, shape: shapes[name], data: data.slice() }]),
  );
}

async function compare(
  options: PlainOptions,
  scales: readonly number[],
): Promise<void> {
  const random = new Random("adamw");
  // Small weights, so that the updates are what is compared.
  const parameters = asParameters(randomArrays(random, 0.01));
  const plain = new PlainAdamW(parameters, options);
  await using optimizer = await AdamW.open(buildArtifacts([]), parameters, options);
  for (const [step, scale] of scales.entries()) {
    const gradients = randomArrays(random, scale);
    const rate = 1e-2 / (step + 1);
    const norm = await optimizer.update(parameters, gradients, rate);
    const expected = plain.update(gradients, rate, (name) => name !== "vector");
    assertAlmostEquals(norm, expected, 1e-5 * expected);
    assertEquals(optimizer.step, step + 1);
  }
  for (const [name, expected] of plain.parameters) {
    const error = relativeError(parameters.get(name)!.data, expected);
    assert(error < 1e-5, `${name}: relative error ${error}`);
  }
}

const defaults: PlainOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradientNorm: 1,
};

Deno.test("AdamW is AdamW: gradients below and above the clipping norm", async () => {
  await compare(defaults, [0.01, 3, 0.001, 50, 0.02, 0.02]);
});

Deno.test("AdamW decays matrices and leaves vectors alone", async () => {
  await compare({ ...defaults, weightDecay: 0.1 }, [0.01, 0.02, 0.3, 5]);
});

Deno.test("AdamW takes other betas and epsilons, and clips nothing under an infinite norm", async () => {
  const options = { beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.01 };
  await compare({ ...options, maxGradientNorm: Infinity }, [0.1, 100, 1]);
});

Deno.test("AdamW without gradients changes weights by decay only, and vectors not at all", async () => {
  const parameters = asParameters(randomArrays(new Random("still"), 1));
  const before = new Map([...parameters].map(([name, { data }]) => [name, data.slice()]));
  const gradients = new Map(
    [...before].map(([name, { length }]) => [name, new Float32Array(length)]),
  );
  const options = { weightDecay: 0.5 };
  await using optimizer = await AdamW.open(buildArtifacts([]), parameters, options);
  assertEquals(await optimizer.update(parameters, gradients, 0.1), 0);
  assertEquals(parameters.get("vector")!.data, before.get("vector")!);
  const decayed = before.get("matrix")!.map((value) => value * 0.95);
  assert(relativeError(parameters.get("matrix")!.data, decayed) < 1e-6);
});

Deno.test("AdamW refuses gradients that are no numbers and leaves everything as it was", async () => {
  const start = randomArrays(new Random("finite"), 1);
  for (const wrong of [NaN, Infinity, -Infinity]) {
    const parameters = asParameters(start);
    const gradients = randomArrays(new Random("gradients"), 1);
    gradients.get("wide")![17] = wrong;
    await using optimizer = await AdamW.open(buildArtifacts([]), parameters);
    const update = () => optimizer.update(parameters, gradients, 0.1);
    await assertRejects(update, UserError, "gradients' norm of step 1 is");
    assertEquals(parameters, asParameters(start));
    assertEquals(optimizer.step, 0);
    const moments = await momentsOf(optimizer.moments);
    assertEquals(moments.size, 2 * parameters.size);
    assert(moments.values().every((data) => [...data].every((value) => value === 0)));
  }
});

Deno.test("AdamW's defaults are PyTorch's, with gradients clipped to 1 and no decay", async () => {
  const random = new Random("defaults");
  const start = randomArrays(random, 1);
  const gradients = randomArrays(random, 2);
  const [spoken, silent, unset] = [1, 2, 3].map(() => asParameters(start));
  const files = buildArtifacts([]);
  await using explicit = await AdamW.open(files, spoken, defaults);
  await using implicit = await AdamW.open(files, silent);
  await using undefinedOnes = await AdamW.open(files, unset, { beta1: undefined });
  await undefinedOnes.update(unset, gradients, 1e-2);
  await explicit.update(spoken, gradients, 1e-2);
  await implicit.update(silent, gradients, 1e-2);
  assertEquals(silent, spoken);
  assertEquals(unset, spoken);
});

Deno.test("AdamW updates single parameters at their own rate and decay, or not at all", async () => {
  const make = (): Parameters =>
    new Map(["frozen", "slow", "plain"].map((name) => [name, {
      name,
      shape: [2, 2],
      data: Float32Array.of(1, 2, 3, 4),
    }]));
  const gradients = new Map(
    ["frozen", "slow", "plain"].map((name) => [name, Float32Array.of(0.1, 0.2, 0.3, 0.4)]),
  );
  const [parameters, alone] = [make(), make()];
  const files = buildArtifacts([]);
  await using selective = await AdamW.open(files, parameters, {
    weightDecay: 0.1,
    maxGradientNorm: Infinity,
    select: ({ name }) =>
      name === "frozen"
        ? { rateScale: 0 }
        : name === "slow"
        ? { rateScale: 0.5, weightDecay: 0 }
        : {},
  });
  const norm = await selective.update(parameters, gradients, 0.01);
  assertAlmostEquals(norm, Math.sqrt(2 * 0.3), 1e-6);
  assertEquals(parameters.get("frozen")!.data, alone.get("frozen")!.data);

  await using slow = await AdamW.open(files, alone, { maxGradientNorm: Infinity });
  await slow.update(alone, new Map([["slow", gradients.get("slow")!]]), 0.005);
  assertEquals(parameters.get("slow")!.data, alone.get("slow")!.data);
  assert(parameters.get("plain")!.data[3] < parameters.get("slow")!.data[3]);
});

Deno.test("AdamW updates all of a parameter, however long it is", async () => {
  const length = 2 ** 18 + 3;
  const random = new Random("long");
  const draw = () => Float32Array.from({ length }, () => random.normal());
  const [data, gradient] = [draw(), draw()];
  const learn = async (cut: (all: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>[]) => {
    const named = (all: Float32Array<ArrayBuffer>) =>
      new Map(cut(all.slice()).map((part, at) => [`part ${at}`, part] as const));
    const parameters: Parameters = new Map(
      [...named(data)].map(([name, data]) => [name, { name, shape: [1, data.length], data }]),
    );
    const options = { weightDecay: 0.1, maxGradientNorm: Infinity };
    await using optimizer = await AdamW.open(buildArtifacts([]), parameters, options);
    await optimizer.update(parameters, named(gradient), 0.1);
    return [...parameters.values()].flatMap(({ data }) => [...data]);
  };
  const whole = await learn((all) => [all]);
  assertEquals(whole.length, length);
  assertEquals(
    whole,
    await learn((all) =>
      [0, 1, 2].map((part) => all.slice(part * 1e5, part < 2 ? (part + 1) * 1e5 : undefined))
    ),
  );
});
