/**
 * The error of a stage, with the stage's name and the record it was at.
 *
 * @module
 */

/** Where a {@linkcode StageError} happened, and why. */
export interface StageErrorOptions {
  /** The error that lies beneath. */
  cause: unknown;
  /** The record's id, where it has one. */
  recordId?: string;
}

/**
 * What a pipeline throws when a stage fails: says which stage, on which record, and why.
 *
 * @example Find the record that broke a stage
 * ```ts
 * import { createContext, map, StageError } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const parse = map(function parse(row: { id: string; text: string }) {
 *   return JSON.parse(row.text);
 * });
 * async function* rows() {
 *   yield { id: "good", text: "1" };
 *   yield { id: "bad", text: "{" };
 * }
 *
 * try {
 *   await Array.fromAsync(parse(rows(), createContext()));
 * } catch (error) {
 *   if (!(error instanceof StageError)) throw error;
 *   assertEquals([error.stage, error.recordId], ["map(parse)", "bad"]);
 * }
 * ```
 */
export class StageError extends Error {
  /** The class name, as stack traces print it. */
  override readonly name: string = "StageError";
  /** The stage that failed. */
  readonly stage: string;
  /** The id of the record it was at, where the record has one. */
  readonly recordId?: string;

  /**
   * Makes the error's sentence from its parts.
   *
   * @param stage The stage that failed.
   * @param options The record's id, and the error that lies beneath.
   */
  constructor(stage: string, options: StageErrorOptions) {
    const { cause, recordId } = options;
    const where = recordId === undefined ? "" : ` on record ${JSON.stringify(recordId)}`;
    super(`Stage ${stage} failed${where}: ${reasonOf(cause)}`, { cause });
    this.stage = stage;
    this.recordId = recordId;
  }
}

/** Wraps an error once: the stage nearest to it names it. */
export function asStageError(stage: string, cause: unknown, record: unknown): StageError {
  return cause instanceof StageError
    ? cause
    : new StageError(stage, { cause, recordId: recordId(record) });
}

/** The sentence of an error, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

/** The `id` of a record, where it has one that can be printed. */
export function recordId(record: unknown): string | undefined {
  if (typeof record !== "object" || record === null || !("id" in record)) return undefined;
  const { id } = record;
  return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}
