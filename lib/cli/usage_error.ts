/**
 * What a command line says when it was typed wrongly.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";

/** A command line that cannot be run as it was typed; it ends with exit code 2. */
export class UsageError extends UserError {
  /** The class name, as stack traces print it. */
  override readonly name: string = "UsageError";
}
