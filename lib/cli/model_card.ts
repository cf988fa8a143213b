/**
 * What stands in the README of a model that was trained.
 *
 * @module
 */

import { type ModelScores, questionsOf, textTable } from "../evaluate/mod.ts";
import type { Recipe } from "./recipe.ts";

/** What a card tells. */
export interface ModelCardOptions {
  /** The model that training started from. */
  base: string;
  /** Where the documents came from. */
  documents: string;
  /** Who wrote the questions and answers, where that is known. */
  writer?: string;
  /** The numbers of the run. */
  recipe: Pick<Recipe, "objective"> & Partial<Recipe>;
  /** Pairs that were trained on. */
  pairs: number;
  /** Optimiser steps. */
  steps: number;
  /** Of the whole run: same seed, same numbers. */
  seed: number;
  /** What the run was started with. */
  command: string;
  /** Scores before and after, where an exam was held. */
  scores?: { before: ModelScores; after: ModelScores };
}

/** What else there is to say of an adapter, behind the card of its training. */
export function adapterCard(card: string, base: string, ropeTheta: number): string {
  return [
    card.trimEnd(),
    "## Adapter",
    `This folder is an adapter in PEFT's format. It belongs to \`${base}\` with the RoPE base ` +
    `${ropeTheta}, which an adapter cannot set itself.`,
  ].join("\n\n") + "\n";
}

function scoreRows({ before, after }: { before: ModelScores; after: ModelScores }): string {
  const row = (name: string, { short, long }: ModelScores) =>
    [name, short.recall, long.recall, short.nll, long.nll]
      .map((cell) => typeof cell === "number" ? cell.toFixed(3) : cell).join(" | ");
  return [
    `| ${questionsOf(before)} | short recall | long recall | short NLL | long NLL |`,
    "|---|---|---|---|---|",
    `| ${row("before", before)} |`,
    `| ${row("after", after)} |`,
  ].join("\n");
}

/** What a hub reads of a card. */
function frontMatter(base: string): string {
  const isOnHub = /^[\w.-]+\/[\w.-]+$/.test(base);
  const lines = ["library_name: transformers", "tags: [longpo]"];
  return ["---", ...(isOnHub ? [`base_model: ${base}`] : []), ...lines, "---"].join("\n");
}

function scoreParts({ before, after }: NonNullable<ModelCardOptions["scores"]>): string[] {
  const text = textTable({ before, after });
  return [
    "## Scores on documents that were held out",
    scoreRows({ before, after }),
    ...(text ? ["How unlikely their text is, in pieces and by position in whole documents:"] : []),
    ...(text ? [`\`\`\`text\n${text.trimEnd()}\n\`\`\``] : []),
  ];
}

/** A model card in Markdown: data, parameters, results and the command of the training. */
export function modelCard(options: ModelCardOptions): string {
  const { base, documents, writer, recipe, pairs, steps, seed, command, scores } = options;
  const told = Object.entries(recipe).filter(([, value]) => value !== undefined);
  return [
    frontMatter(base),
    `# ${base}, trained on longer contexts`,
    `Trained with the objective \`${recipe.objective}\` on ${pairs} documents with questions and ` +
    `answers${
      writer ? ` that ${writer} wrote` : ""
    }, from ${documents}, in ${steps} steps, seed ${seed}.`,
    `\`\`\`sh\n${command}\n\`\`\``,
    ...(scores ? scoreParts(scores) : []),
    "## Numbers of the run",
    [
      "| name | value |",
      "|---|---|",
      ...told.map(([name, value]) =>
        `| ${name} | ${String(value).replaceAll("|", "\\|").replaceAll("\n", " ")} |`
      ),
    ].join("\n"),
  ].join("\n\n") + "\n";
}
