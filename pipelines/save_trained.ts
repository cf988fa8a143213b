/**
 * What training leaves in the folder of a run.
 *
 * @module
 */

import { adapterCard } from "../lib/cli/mod.ts";
import { type Adapter, type Model, saveAdapter, saveModel } from "../lib/model/mod.ts";

/** What came out of training. */
export interface Trained {
  /** The model, with an adapter merged into it. */
  policy: Model;
  /** The adapter, where one was trained. */
  adapter?: Adapter;
  /** Optimiser steps that were done. */
  steps: number;
  /** Documents of all steps; one that came again counts again. */
  documents: number;
  /** Tokens of the longest document with a conversation on it. */
  longest: number;
}

/** How what was trained is written. */
export interface SaveTrainedOptions {
  /** Tokens of contexts that it was trained for. */
  length: number;
  /** The card of the training. */
  card: string;
  /** What training started from. */
  start: Model;
  /** Merges an adapter into the weights. */
  merge: boolean;
  /** The chat template that was used in place of the model's own, and goes with the result. */
  chatTemplate?: string;
}

/**
 * Writes `model`, whose config says the length of contexts that it was trained for, and `adapter`
 * where one was trained: then `model` has it merged, or is what the adapter belongs to.
 *
 * @returns What the adapter belongs to, where there is one.
 */
export async function saveTrained(
  { policy, adapter }: Trained,
  out: string,
  { length, card, start, merge, chatTemplate }: SaveTrainedOptions,
): Promise<string | undefined> {
  const maxPositions = Math.max(policy.config.maxPositions, length);
  const saved = { maxPositions, chatTemplate, overwrite: true };
  if (!adapter || merge) await saveModel(policy, `${out}/model`, { ...saved, card });
  else await saveModel({ ...policy, parameters: start.parameters }, `${out}/model`, saved);
  if (!adapter) return undefined;
  const hubOrFolder = start.name.includes("/") ? start.name : start.folder;
  const base = merge ? hubOrFolder : `${out}/model`;
  const { ropeTheta } = policy.config;
  await saveAdapter(adapter, `${out}/adapter`, {
    base,
    card: adapterCard(card, base, ropeTheta),
    overwrite: true,
  });
  return base;
}
