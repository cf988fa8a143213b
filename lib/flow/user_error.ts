/**
 * The error a person can act on.
 *
 * @module
 */

/** What goes with a {@linkcode UserError} beside its message. */
export interface UserErrorOptions extends ErrorOptions {
  /** What to do about it, as one sentence. */
  hint?: string;
}

/**
 * An error that is the person's to mend, not the program's: a missing file, a flag out of range,
 * a line that is no record. A command line prints the message and the hint without a stack trace.
 *
 * @example Refuse an empty file
 * ```ts
 * import { UserError } from "@longpo/longpo/flow";
 *
 * const error = new UserError("Cannot read pairs from pairs.jsonl: the file is empty", {
 *   hint: "Run the pipeline that makes pairs first",
 * });
 * console.log(error.message, error.hint);
 * ```
 */
export class UserError extends Error {
  /** The class name, as stack traces print it. */
  override readonly name: string = "UserError";
  /** What to do about it, where there is something to say. */
  readonly hint?: string;

  /**
   * Makes the error from what a person is to read.
   *
   * @param message What was wrong and where: file, line, record id, value.
   * @param options The hint, and the error that lies beneath as `cause`.
   */
  constructor(message: string, options: UserErrorOptions = {}) {
    super(message, options);
    this.hint = options.hint;
  }
}
