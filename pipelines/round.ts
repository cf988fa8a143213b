/**
 * One round of self-evolution: a model makes pairs and learns from them.
 *
 * @module
 */

import {
  type ChatOptions,
  commandLine,
  modelCard,
  type ModelCardOptions,
  readJsonIfThere,
  type Recipe,
  writeJson,
} from "../lib/cli/mod.ts";
import { only } from "../lib/data/mod.ts";
import type { Logger } from "../lib/flow/mod.ts";
import { type HttpSampler, openReaders } from "../lib/generate/mod.ts";
import { type ForwardOptions, loadModel, type Model } from "../lib/model/mod.ts";
import type { ArtifactFiles } from "../lib/onnx/mod.ts";
import type { Rates } from "../lib/train/mod.ts";
import { makePairs } from "./make_pairs.ts";
import { trainingDocuments } from "./pairing.ts";
import { saveTrained } from "./save_trained.ts";
import { train } from "./training.ts";
import { trainingPairs } from "./training_pairs.ts";

/** What all rounds have in common. */
export interface RoundOptions extends ForwardOptions {
  recipe: Recipe;
  /** Path of the documents; those of the embedded model's world without it. */
  documents?: string;
  /** Documents that are kept from training, by id. */
  heldOut: ReadonlySet<string>;
  /** Who writes questions and answers in place of the model. */
  sampler?: HttpSampler;
  /** Graphs that were read from a folder. */
  artifacts?: ArtifactFiles;
  /** The machine's rates, to compare the time of steps with. */
  rates?: Rates;
  /** The chat template and what it is told, where they are not the model's own. */
  chat: ChatOptions;
  log: Logger;
  signal: AbortSignal;
}

/** What a round begins with. */
export interface RoundStart {
  model: Model;
  /** Where it writes. */
  folder: string;
  seed: number;
}

/** What a round left. */
export interface Round {
  /** The trained model, read from its folder. */
  model: Model;
  /** What its adapter belongs to, where one was trained. */
  adapts?: string;
  /** What its card says. */
  told: ModelCardOptions;
  /** Turns and documents that no pair was made of, by reason. */
  dropped: Record<string, number>;
}

/** Makes pairs, trains on them and saves the model; goes on where an earlier run was stopped. */
export async function evolve(start: RoundStart, options: RoundOptions): Promise<Round> {
  const { model: from, folder, seed } = start;
  const { recipe, documents, sampler, artifacts, rates, device, threads, chat, log, signal } =
    options;
  const shared = { recipe, artifacts, rates, device, threads, log, signal };
  await Deno.mkdir(folder, { recursive: true });
  const dropped = await readJsonIfThere<Record<string, number>>(`${folder}/dropped.json`) ??
    await pairsOf(start, options);
  await writeJson(`${folder}/dropped.json`, dropped);

  const { count, ...read } = await trainingPairs(pairsFile(start), recipe, log, signal);
  const trained = await train({ ...shared, ...read, model: from, out: folder, seed });
  const { steps } = trained;
  const told: ModelCardOptions = {
    base: from.name,
    documents: documents ?? "a made-up world",
    writer: sampler?.name ?? "the model itself",
    recipe,
    pairs: Math.min(count ?? trained.documents, trained.documents),
    steps,
    seed,
    command: commandLine("longpo"),
  };
  // A question and its answer stand beside the document; a piece's length is room enough for both.
  const length = recipe.longTokens + recipe.shortTokens;
  const saving = { length, card: modelCard(told), start: from, merge: true, ...chat };
  const adapts = await saveTrained(trained, folder, saving);
  const { dtype } = recipe;
  const model = await loadModel(`${folder}/model`, { ...chat, dtype, signal });
  return { model, adapts, told, dropped };
}

function pairsFile({ folder }: RoundStart): string {
  return `${folder}/pairs.jsonl`;
}

/** Makes a round's pairs; the graphs that they are made with are freed before it learns. */
async function pairsOf(start: RoundStart, options: RoundOptions): Promise<Record<string, number>> {
  const { model, folder, seed } = start;
  const { recipe, documents, heldOut, sampler, device, threads, log, signal } = options;
  const { ropeTheta } = recipe;
  await using readers = await openReaders(model, { ropeTheta, log, device, threads });
  return await makePairs(pairsFile(start), {
    recipe,
    log,
    seed,
    model,
    readers,
    sampler,
    source: trainingDocuments(documents, recipe, seed),
    deadLetters: await freshFile(`${folder}/dropped.jsonl`),
    only: only((id) => !heldOut.has(id), "held out for the exam"),
  }, signal);
}

/** A file's path, once what an earlier run wrote there is gone. */
export async function freshFile(path: string): Promise<string> {
  await Deno.remove(path).catch(() => {});
  return path;
}
