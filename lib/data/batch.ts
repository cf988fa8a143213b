import { group, named, type Stage, type StageContext } from "../flow/mod.ts";
import type { ChatModel, SequencedDocument } from "../model/mod.ts";
import { type PackedRow, packRow, rowLength } from "../model/row.ts";
import { packRows } from "./pack_rows.ts";
import type { PairRecord } from "./record.ts";
import { type ReferenceIdentity, verifyReference } from "./reference_hash.ts";
import { sequence, type SequenceOptions } from "./sequence.ts";

/** What one optimiser step trains on. */
export interface Batch {
  /** Rows of packed documents; their gradients are summed. */
  rows: PackedRow[];
  /** Documents in all rows. */
  documents: number;
  /** Tokens in all rows, what documents share counted once. */
  tokens: number;
}

/** Options of {@linkcode batch}. */
export interface BatchOptions extends SequenceOptions {
  /** Turns conversations into the model's tokens. */
  model: ChatModel;
  /** Most tokens of a row. */
  tokensPerRow: number;
  /** Documents of an optimiser step; the last batch may have fewer. @default {8} */
  documentsPerBatch?: number;
  /** What happens to a document longer than a row. @default {"drop"} */
  oversize?: "drop" | "own row";
  /** Refuses records whose reference log-probs are not of this model, template and layout. */
  verify?: ReferenceIdentity;
}

/** A document and the room it takes. */
interface Fitted {
  document: SequencedDocument;
  length: number;
}

/**
 * A stage that turns records into batches: tokenized, grouped by documents of an optimiser step,
 * and packed into rows.
 *
 * @throws {RangeError} If a size is not a positive whole number.
 * @throws {UserError} While it runs, if a record's reference log-probs are missing or refused.
 */
export function batch(options: BatchOptions): Stage<PairRecord, Batch> {
  const { tokensPerRow, documentsPerBatch = 8 } = options;
  for (const [name, size] of Object.entries({ tokensPerRow, documentsPerBatch })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`Cannot batch with ${name} ${size}: give a positive whole number`);
    }
  }
  return named("batch", async function* batch(source, context) {
    const together = group<Fitted>({ count: documentsPerBatch });
    for await (const documents of together(fitted(source, options, context), context)) {
      yield packed(documents, tokensPerRow);
    }
  }, { tokensPerRow, documentsPerBatch, layout: options.layout, nll: options.nll });
}

async function* fitted(
  records: AsyncIterable<PairRecord>,
  options: BatchOptions,
  { meter, log }: StageContext,
): AsyncGenerator<Fitted> {
  const { model, tokensPerRow, oversize = "drop", verify } = options;
  for await (const record of records) {
    if (verify !== undefined) await verifyReference(record, verify);
    const document = sequence(model, record, options);
    const length = rowLength(document);
    if (length > tokensPerRow && oversize === "drop") {
      log.warn(`${record.id}: ${length} tokens do not fit in a row of ${tokensPerRow}`);
      meter.drop("longer than a row", record);
      continue;
    }
    meter.count("tokens", length);
    yield { document, length };
  }
}

function packed(documents: readonly Fitted[], tokensPerRow: number): Batch {
  return {
    rows: packRows(documents, tokensPerRow)
      .map((row) => packRow(row.map(({ document }) => document))),
    documents: documents.length,
    tokens: documents.reduce((sum, { length }) => sum + length, 0),
  };
}
