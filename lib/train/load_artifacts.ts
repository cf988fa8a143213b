/**
 * Training artifacts of a folder, refused where they are for something else.
 *
 * @module
 */

import { UserError } from "../flow/user_error.ts";
import {
  describeLora,
  layerKinds,
  type LoraConfig,
  loraTargets,
  type ModelConfig,
} from "../model/mod.ts";
import type { Aggregation, Objective } from "../objective/mod.ts";
import { type ArtifactFiles, readArtifacts } from "../onnx/mod.ts";

/** What graphs of training depend on. */
export interface ArtifactsPurpose {
  /** The model; neither its weights nor its number of layers are in the graphs. */
  config: ModelConfig;
  /** The loss. */
  objective: Objective;
  /** How the turns of a document become one preference. */
  aggregation: Aggregation;
  /** Which adapters learn in place of the model's own weights. @default {none} */
  lora?: LoraConfig;
}

/** The adapters that are in graphs, in words. */
function adaptersOf({ config, lora }: ArtifactsPurpose): string {
  if (!lora) return "no adapters";
  const targets = loraTargets(config).filter((target) => lora.targets?.includes(target) ?? true);
  return describeLora({ ...lora, targets });
}

/** What a manifest says of a purpose: what graphs of another purpose would compute otherwise. */
export function builtFor(purpose: ArtifactsPurpose): Record<string, string | number | boolean> {
  const { config, objective, aggregation } = purpose;
  const { architecture, vocabSize, hiddenSize, intermediateSize } = config;
  const { headCount, keyValueHeadCount, headSize, normEpsilon, tieEmbeddings } = config;
  return {
    objective: objective.name,
    aggregation,
    lora: adaptersOf(purpose),
    architecture,
    vocabSize,
    hiddenSize,
    intermediateSize,
    headCount,
    keyValueHeadCount,
    headSize,
    normEpsilon,
    tieEmbeddings,
    attentionScale: config.attentionScale ?? 1 / Math.sqrt(headSize),
    // Where layers look back through a window, it is told with the row and is in no graph of these.
    layers: layerKinds(config).map(({ name }) => name).join(", "),
  };
}

/**
 * Reads training artifacts for a model and a loss, to be run instead of ones built anew.
 *
 * @param folder What `writeArtifacts` wrote, with {@linkcode builtFor} in its manifest.
 * @throws {UserError} If there are none, if a file is missing, or if they were built for another
 * shape of model, objective or aggregation; the message names the difference.
 */
export async function loadArtifacts(
  folder: string,
  purpose: ArtifactsPurpose,
): Promise<ArtifactFiles> {
  const { manifest, files } = await readArtifacts(folder);
  for (const [key, wanted] of Object.entries(builtFor(purpose))) {
    const found = manifest.builtFor?.[key];
    if (found === wanted) continue;
    throw new UserError(
      `The training artifacts in ${folder} were built for ${key} ${found ?? "unknown"}, ` +
        `and this run needs ${wanted}`,
      { hint: "Leave them out, and they are built anew" },
    );
  }
  return files;
}
