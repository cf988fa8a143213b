import { named, type Stage, type StageContext } from "../flow/mod.ts";
import type { ChatModel, SequencedDocument } from "../model/mod.ts";
import { rowLength } from "../model/row.ts";
import { type Batch, packBatches, type PackOptions } from "./pack_batches.ts";
import type { PairRecord } from "./record.ts";
import { type ReferenceIdentity, verifyReference } from "./reference_hash.ts";
import { sequence, type SequenceOptions } from "./sequence.ts";

/** Options of {@linkcode batch}. */
export interface BatchOptions extends SequenceOptions, PackOptions {
  /** Turns conversations into the model's tokens. */
  model: ChatModel;
  /** What happens to a document longer than a row. @default {"drop"} */
  oversize?: "drop" | "own row";
  /** Refuses records whose reference log-probs are not of this model, template and layout. */
  verify?: ReferenceIdentity;
}

/**
 * A stage that turns records into batches: tokenized, grouped by documents of an optimiser step,
 * and packed into rows.
 *
 * @throws {RangeError} If a size is not a positive whole number.
 * @throws {UserError} While it runs, if a record's reference log-probs are missing or refused.
 */
export function batch(options: BatchOptions): Stage<PairRecord, Batch> {
  const { tokensPerRow, documentsPerBatch, layout, nll, reference } = options;
  const pack = packBatches(options);
  return named("batch", async function* batch(source, context) {
    yield* pack(sequenced(source, options, context), context);
  }, { tokensPerRow, documentsPerBatch, layout, nll, reference });
}

async function* sequenced(
  records: AsyncIterable<PairRecord>,
  options: BatchOptions,
  { meter, log }: StageContext,
): AsyncGenerator<SequencedDocument> {
  const { model, tokensPerRow, oversize = "drop", verify } = options;
  for await (const record of records) {
    if (verify !== undefined) await verifyReference(record, verify);
    const document = sequence(model, record, options);
    const length = rowLength(document);
    if (length <= tokensPerRow || oversize === "own row") {
      yield document;
      continue;
    }
    log.warn(`${record.id}: ${length} tokens do not fit in a row of ${tokensPerRow}`);
    meter.drop("longer than a row", record);
  }
}
