import { type Graph, modelBytes } from "../../lib/onnx/mod.ts";
import { floats, floatsOf, type HostTensor, Session } from "../../lib/runtime/mod.ts";
import type { Random } from "../../lib/flow/random.ts";

/** Runs a graph once; it is finished by this. */
export async function runGraph(
  g: Graph,
  inputs: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, HostTensor>> {
  await using session = await Session.open(modelBytes(g), { name: g.name, threads: 2 });
  return await session.run(inputs);
}

/** Runs a graph once and gives its only output's numbers. */
export async function runForFloats(
  g: Graph,
  inputs: Readonly<Record<string, HostTensor>>,
): Promise<Float32Array<ArrayBuffer>> {
  const outputs = Object.values(await runGraph(g, inputs));
  if (outputs.length !== 1) throw new Error(`${g.name} has ${outputs.length} outputs`);
  return floatsOf(outputs[0]);
}

/** Evenly distributed numbers. */
export function uniform(
  random: Random,
  shape: readonly number[],
  [low, high]: readonly [number, number] = [-1, 1],
): HostTensor {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length }, () => low + (high - low) * random.next());
  return floats(data, shape);
}
