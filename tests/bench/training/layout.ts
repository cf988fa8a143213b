/**
 * What a measured step trains on: made-up documents with made-up answers.
 *
 * @module
 */

import { choice, number } from "../../../lib/cli/mod.ts";
import type { Batch } from "../../../lib/data/mod.ts";
import { Random } from "../../../lib/flow/mod.ts";
import { packRow, type SequencedDocument } from "../../../lib/model/mod.ts";
import { randomDocument } from "../../support/random_document.ts";

/** How documents and answers stand in the rows of a step. */
export interface Layout {
  /** Documents of the step. */
  documents: number;
  /** Rows that the documents are packed in. */
  rows: number;
  /** Turns of a conversation on a document. */
  turns: number;
  /** Tokens of a document, its first question included. */
  tokens: number;
  /** Tokens of an answer, chosen or rejected. */
  answers: number;
  /** Which tokens of the chosen side are in the NLL. */
  nll: "all" | "answers";
}

/** Tokens of each question but the first. */
const QUESTION = 32;

const count = (summary: string, standard: number) =>
  number({ summary, default: standard, integer: true, min: 1 });

/** The flags that a layout is given by. */
export const layoutFlags = {
  documents: count("Documents of the step", 1),
  rows: count("Rows that the documents are packed in", 1),
  turns: count("Turns of the conversation on a document", 1),
  tokens: count("Tokens of a document, its first question included", 2048),
  answers: count("Tokens of an answer, chosen or rejected", 128),
  nll: choice({
    summary: "Tokens of the chosen side that are in the NLL",
    choices: ["all", "answers"],
    default: "all",
  }),
};

/** The documents of a layout, without their reference log-probs; the same whenever it is asked. */
export function layoutDocuments(layout: Layout, vocabulary: number): SequencedDocument[] {
  const random = new Random(1);
  const { turns, tokens, answers, nll } = layout;
  return Array.from({ length: layout.documents }, (_, at) => {
    const document = randomDocument(random, {
      id: `document ${at + 1}`,
      vocabulary,
      trunk: tokens,
      answers: Array.from({ length: turns }, () => [answers, answers] as const),
      question: QUESTION,
    });
    return nll === "all" ? document : answersOnly(document);
  });
}

function answersOnly(document: SequencedDocument): SequencedDocument {
  const sequences = document.sequences.map((sequence) => ({
    ...sequence,
    inNll: sequence.inNll.map((counts, at) => counts && sequence.turnOf[at] >= 0),
  }));
  return { ...document, sequences };
}

/** Documents packed in so many rows, as evenly as they go. */
export function batchOf(documents: readonly SequencedDocument[], rows: number): Batch {
  const perRow = Math.ceil(documents.length / rows);
  const packed = Array.from(
    { length: Math.ceil(documents.length / perRow) },
    (_, row) => packRow(documents.slice(row * perRow, (row + 1) * perRow)),
  );
  const tokens = packed.reduce((sum, row) => sum + row.tokens.length, 0);
  return { rows: packed, documents: documents.length, tokens };
}
