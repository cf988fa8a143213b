import type { Stage } from "../flow/mod.ts";
import type { SequencedDocument } from "../model/mod.ts";
import { packRow, rowLength } from "../model/row.ts";
import type { Batch } from "./batch.ts";
import { packRows } from "./pack_rows.ts";

/** How documents become batches. */
export interface PackOptions {
  /** Most tokens of a row; a longer document has a row of its own. */
  tokensPerRow: number;
  /** Documents of an optimiser step; the last batch may have fewer. */
  documentsPerBatch: number;
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

/** A stage that groups token sequences into batches of packed rows. */
export function packBatches(options: PackOptions): Stage<SequencedDocument, Batch> {
  const { tokensPerRow, documentsPerBatch } = options;
  return async function* packBatches(source) {
    let open: SequencedDocument[] = [];
    for await (const document of source) {
      open.push(document);
      if (open.length < documentsPerBatch) continue;
      yield packBatch(open, tokensPerRow);
      open = [];
    }
    if (open.length > 0) yield packBatch(open, tokensPerRow);
  };
}
