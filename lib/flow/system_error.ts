/**
 * Errors of the operating system: a full disk, a missing folder, a forbidden file.
 *
 * @module
 */

import { reasonOf } from "./stage_error.ts";
import { UserError } from "./user_error.ts";

/** Whether the operating system refused something, as opposed to the program being wrong. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}

/** Whether nothing is at a path: it is not there, or would be below what is a file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/**
 * Waits for work on a file, and tells what the operating system refuses with the file's path.
 *
 * @param path What is being written, by the name that a person knows.
 * @param work The writing.
 * @param kept What became of what was written before, as a sentence.
 * @throws {UserError} If the disk is full, the folder missing, or the file may not be written.
 *
 * @example A folder that is not there
 * ```ts
 * import { UserError, whileWriting } from "@longpo/longpo/flow";
 * import { assertRejects } from "@std/assert";
 *
 * const path = `${await Deno.makeTempDir()}/missing/report.json`;
 * await assertRejects(
 *   () => whileWriting(path, Deno.writeTextFile(path, "{}")),
 *   UserError,
 *   `Cannot write ${path}`,
 * );
 * ```
 */
export async function whileWriting<T>(path: string, work: Promise<T>, kept?: string): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    const check = "Check that the folder exists, may be written and has room";
    throw new UserError(`Cannot write ${path}: ${reasonOf(cause)}`, {
      cause,
      hint: kept === undefined ? check : `${check}; ${kept}`,
    });
  }
}
