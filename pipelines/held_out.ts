/**
 * Which of a person's documents training does not see.
 *
 * @module
 */

import type { Recipe } from "../lib/cli/mod.ts";
import { type ChunkedDocument, leftOut, reasonsOf } from "../lib/data/mod.ts";
import { holdOut } from "../lib/evaluate/mod.ts";
import { pipeline, UserError } from "../lib/flow/mod.ts";
import type { Model } from "../lib/model/mod.ts";
import { parts, trainingDocuments } from "./pairing.ts";

/** How documents are held out. */
export interface HeldOutOptions {
  recipe: Recipe;
  /** Of all documents; one is held out at least. */
  share: number;
  seed: number;
  signal: AbortSignal;
}

/** Ids of the documents, long ones cut, on which the exam is held. */
export async function examDocuments(
  path: string,
  model: Model,
  { recipe, share, seed, signal }: HeldOutOptions,
): Promise<Set<string>> {
  const ids: string[] = [];
  const report = await pipeline({
    name: "documents",
    // Whoever reads them next tells of what is wrong with them.
    log: { info() {}, warn() {} },
    source: trainingDocuments(path, recipe, seed),
    stages: [parts(model, recipe)],
    sink: async (documents: AsyncIterable<ChunkedDocument>) => {
      for await (const { id } of documents) ids.push(id);
    },
  }).run({ signal });
  if (ids.length >= 2) return holdOut(ids, { share, seed });
  const reasons = reasonsOf(leftOut(report));
  throw new UserError(
    `${path} has ${ids.length} documents to learn from, and two are needed: ` +
      `one for the exam, one to train on${reasons && ` (left out: ${reasons})`}`,
    {
      hint:
        "Give more documents, lower --short-tokens where they are short, or lower --long-tokens" +
        " so that long ones are cut into several",
    },
  );
}
