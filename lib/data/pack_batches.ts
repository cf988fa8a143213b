import { group, named, type Stage } from "../flow/mod.ts";
import type { SequencedDocument } from "../model/mod.ts";
import { type PackedRow, packRow, rowLength } from "../model/row.ts";
import { packRows } from "./pack_rows.ts";

/** What one optimiser step trains on. */
export interface Batch {
  /** Rows of packed documents; their gradients are summed. */
  rows: PackedRow[];
  /** Documents in all rows. */
  documents: number;
  /** Tokens in all rows, what documents share counted once. */
  tokens: number;
}

/** How documents become batches. */
export interface PackOptions {
  /** Most tokens of a row; a longer document has a row of its own. */
  tokensPerRow: number;
  /** Documents of an optimiser step; the last batch may have fewer. @default {8} */
  documentsPerBatch?: number;
}

/** Packs a batch's documents into rows. */
export function packBatch(documents: readonly SequencedDocument[], tokensPerRow: number): Batch {
  const sized = documents.map((document) => ({ document, length: rowLength(document) }));
  return {
    rows: packRows(sized, tokensPerRow)
      .map((row) => packRow(row.map(({ document }) => document))),
    documents: documents.length,
    tokens: sized.reduce((sum, { length }) => sum + length, 0),
  };
}

/**
 * A stage that groups token sequences into batches of packed rows.
 *
 * @throws {RangeError} If a size is not a positive whole number.
 */
export function packBatches(options: PackOptions): Stage<SequencedDocument, Batch> {
  const { tokensPerRow, documentsPerBatch = 8 } = options;
  for (const [name, size] of Object.entries({ tokensPerRow, documentsPerBatch })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`Cannot batch with ${name} ${size}: give a positive whole number`);
    }
  }
  const together = group<SequencedDocument>({ count: documentsPerBatch });
  return named("packBatches", async function* packBatches(source, context) {
    for await (const documents of together(source, context)) {
      const batch = packBatch(documents, tokensPerRow);
      context.meter.count("tokens", batch.tokens);
      yield batch;
    }
  }, { tokensPerRow, documentsPerBatch });
}
