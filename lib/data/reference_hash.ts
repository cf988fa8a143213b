import { UserError } from "../flow/mod.ts";
import type { PairRecord } from "./record.ts";
import type { Layout } from "./sequence.ts";

/** What reference log-probs depend on beside the record's texts. */
export interface ReferenceIdentity {
  /** Hash of the reference model. */
  fingerprint: string;
  /** Hash of the reference model as it reads long contexts. @default {fingerprint} */
  longFingerprint?: string;
  /** Hash of its tokenizer and chat template. */
  chatHash: string;
  /** How turns are laid out where the reference reads the long context. */
  layout: Layout;
}

/**
 * Hashes what a record's reference log-probs depend on: reference model, chat template, texts, and
 * the layout where there are log-probs on the long context. SHA-256, hexadecimal.
 */
export async function referenceHash(
  record: PairRecord,
  { fingerprint, longFingerprint = fingerprint, chatHash, layout }: ReferenceIdentity,
): Promise<string> {
  const onLong = record.turns.some(({ reference }) => reference.long !== undefined);
  const texts = record.turns.map((
    { short, question, chosen, rejected },
  ) => [short, question, chosen, rejected]);
  const identity = [
    fingerprint,
    chatHash,
    onLong ? [longFingerprint, layout, record.long] : null,
    texts,
  ];
  const bytes = new TextEncoder().encode(JSON.stringify(identity));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/**
 * Refuses a record whose reference log-probs were computed with another model or chat template, on
 * other texts, or in another layout.
 *
 * @throws {UserError} If they were, or if there are none; the message names the record.
 */
export async function verifyReference(
  record: PairRecord,
  identity: ReferenceIdentity,
): Promise<void> {
  if (record.referenceHash === await referenceHash(record, identity)) return;
  const problem = record.referenceHash === ""
    ? "has no reference log-probs"
    : "has reference log-probs of another model, chat template, text or layout";
  throw new UserError(`Record ${record.id} (${record.source}) ${problem}`, {
    hint: "Train the model that they were computed with, or take `reference` and `referenceHash` " +
      "out of the records: then they are computed with the model at hand",
  });
}
