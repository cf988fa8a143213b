import type { SequencedDocument } from "../../lib/model/sequence.ts";
import { type GoldenTensor, readFloat32Tensors } from "./read_float32_tensors.ts";

/** What one document must give under an objective. */
export interface GoldenDocument {
  id: string;
  /** `[turns]`: the policy's log-prob of each answer, summed over its tokens. */
  logpChosen: readonly number[];
  logpRejected: readonly number[];
  /** What the log-sigmoids are taken of: one number, or one a turn for `mean`; null for `sft`. */
  margins: readonly number[] | null;
  /** Null for `sft`. */
  preference: number | null;
  nll: number;
}

/** An objective with what it must give for the case's documents. */
export interface GoldenObjective {
  name: "longpo" | "dpo" | "sft";
  beta: number;
  lambda: number;
  aggregation: "sum" | "mean" | "logsumexp";
  expected: {
    loss: number;
    /** Mean over documents; null for `sft`. */
    preference: number | null;
    /** Mean over documents, recorded also where the loss does not hold it (`dpo`). */
    nll: number;
    documents: readonly GoldenDocument[];
  };
  /** Of the loss, by the parameter's name. */
  gradients: ReadonlyMap<string, GoldenTensor>;
}

/** A small random Llama with documents and what objectives make of them. */
export interface GoldenCase {
  name: string;
  /** What is particular about it. */
  about: string;
  layout: "conversation" | "independent";
  nllMask: "all" | "answers";
  documents: readonly SequencedDocument[];
  objectives: readonly GoldenObjective[];
  /** The model's Hugging Face folder. */
  folder: URL;
  /** Its config.json, as it is written. */
  config: Readonly<Record<string, unknown>>;
  /** Its parameters; a tied model has no `lm_head.weight`. */
  weights: ReadonlyMap<string, GoldenTensor>;
}

const GRADIENTS = new URL("../golden/gradients/", import.meta.url);

/** Reads every case that `tests/oracle/gradients.py` wrote, by name. */
export async function loadCases(): Promise<GoldenCase[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(GRADIENTS)) {
    if (entry.isDirectory) names.push(entry.name);
  }
  return await Promise.all(names.sort().map(loadCase));
}

/** Reads one case. */
export async function loadCase(name: string): Promise<GoldenCase> {
  const folder = new URL(`${name}/`, GRADIENTS);
  const record = await readJson<Omit<GoldenCase, "name" | "folder" | "config" | "weights">>(
    new URL("case.json", folder),
  );
  const objectives = await Promise.all(record.objectives.map(async (objective, index) => ({
    ...objective,
    gradients: await readFloat32Tensors(new URL(`gradients-${index}.safetensors`, folder)),
  })));
  return {
    ...record,
    name,
    folder,
    objectives,
    config: await readJson(new URL("config.json", folder)),
    weights: await readFloat32Tensors(new URL("model.safetensors", folder)),
  };
}

/**
 * The largest difference, in units of the largest expected value.
 *
 * A shorter, longer or not-a-number `actual` is infinitely far away.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let scale = Number.MIN_VALUE;
  for (let index = 0; index < expected.length; index++) {
    const distance = Math.abs(actual[index] - expected[index]);
    if (Number.isNaN(distance)) return Infinity;
    difference = Math.max(difference, distance);
    scale = Math.max(scale, Math.abs(expected[index]));
  }
  return difference / scale;
}

async function readJson<T>(file: URL): Promise<T> {
  return JSON.parse(await Deno.readTextFile(file));
}
