/**
 * How fast a machine is: products of matrices, and passes over memory.
 *
 * @module
 */

import { UserError } from "../../flow/user_error.ts";
import type { ModelConfig } from "../../model/mod.ts";
import { gemm, Graph, matmul, modelBytes, mul, type Value } from "../../onnx/mod.ts";
import { type Device, floats, type HostTensor, Session } from "../../runtime/mod.ts";
import { operations, type StepWork } from "./work.ts";

/** Rates of a machine. */
export interface Rates {
  /** Operations of products with the model's matrices a second. */
  operations: number;
  /** Operations of attention's products a second. */
  attention: number;
  /** Bytes read and written a second between products. */
  bytes: number;
  /** Bytes a second to a device and back. @default {8e9} */
  link?: number;
}

/** Orders of magnitude, for plans on machines that were not measured. */
export const DEFAULT_RATES: Readonly<Record<Device, Rates>> = {
  cpu: { operations: 2e11, attention: 1e11, bytes: 2e10 },
  webgpu: { operations: 2e12, attention: 1e12, bytes: 2e11 },
  cuda: { operations: 1e13, attention: 5e12, bytes: 1e12 },
};

/** Half of what 16 lanes of PCI Express 3 carry. */
const LINK = 8e9;

/**
 * Seconds that work takes: operations, passes and what goes to a device and back, one after another.
 *
 * @param transfer Bytes to a device and back; none on the CPU.
 */
export function secondsFor(work: StepWork, rates: Rates, transfer = 0): number {
  const moved = work.traffic + work.optimiserTraffic;
  return (operations(work) - work.attention) / rates.operations +
    work.attention / rates.attention + moved / rates.bytes + transfer / (rates.link ?? LINK);
}

/** How rates are measured. */
export interface CalibrateOptions {
  /** What is measured. @default {"cpu"} */
  device?: Device;
  /** Threads of one operator; 0 is one a core. @default {0} */
  threads?: number;
  /** Runs of each graph, of which the quickest counts. @default {5} */
  runs?: number;
}

const TOKENS = 512;

const ELEMENTS = 2 ** 21;

/** Queries that attention takes at once. */
const BLOCK = 128;

/**
 * Measures a product of the model's feed-forward part, one of its attention, and a pass over memory:
 * within a second.
 */
export async function calibrate(
  config: ModelConfig,
  options: CalibrateOptions = {},
): Promise<Rates> {
  const { hiddenSize, intermediateSize, headCount, headSize } = config;
  const product = await quickest(
    [[TOKENS, hiddenSize], [hiddenSize, intermediateSize], [TOKENS, intermediateSize]],
    gemm,
    options,
  );
  const scores = await quickest(
    [[headCount, BLOCK, headSize], [headCount, headSize, TOKENS], [headCount, BLOCK, TOKENS]],
    matmul,
    options,
  );
  const pass = await quickest([[ELEMENTS], [ELEMENTS], [ELEMENTS]], mul, options);
  return {
    operations: 2 * TOKENS * hiddenSize * intermediateSize / product,
    attention: 2 * headCount * BLOCK * headSize * TOKENS / scores,
    bytes: 3 * 4 * ELEMENTS / pass,
  };
}

/** Seconds of the quickest of several runs of one operator. */
async function quickest(
  shapes: [number[], number[], number[]],
  operator: (g: Graph, a: Value, b: Value) => Value,
  { device, threads, runs = 5 }: CalibrateOptions,
): Promise<number> {
  const [a, b, y] = shapes.map((shape): HostTensor =>
    floats(new Float32Array(shape.reduce((x, z) => x * z)).fill(0.5), shape)
  );
  const g = new Graph("calibration");
  g.output(
    "y",
    operator(g, g.input("a", "float32", shapes[0]), g.input("b", "float32", shapes[1])),
  );
  await using session = await Session.open(modelBytes(g), { device, threads, name: "calibration" });
  let least = Infinity;
  // The first run makes the kernel ready.
  for (let run = 0; run <= runs; run++) {
    const start = performance.now();
    await session.run({ a, b }, { y });
    if (run > 0) least = Math.min(least, (performance.now() - start) / 1000);
  }
  return least;
}

/**
 * Rates out of parsed JSON.
 *
 * @throws {UserError} If they are none.
 */
export function parseRates(value: unknown, path: string): Rates {
  const { operations = 0, attention = 0, bytes = 0 } = (value ?? {}) as Partial<Rates>;
  const rates = { operations, attention, bytes };
  const wrong = Object.entries(rates).find(([, rate]) => !(rate > 0 && Number.isFinite(rate)));
  if (!wrong) return rates;
  throw new UserError(`${path} holds no rates: "${wrong[0]}" must be a positive number`, {
    hint: "Have them measured: pipelines/plan.ts --calibrate",
  });
}
