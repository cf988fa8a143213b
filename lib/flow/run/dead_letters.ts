/**
 * The file of records that left a pipeline before its end.
 *
 * @module
 */

import { reasonOf } from "../stage_error.ts";
import { UserError } from "../user_error.ts";

/** A line of a dead-letter file. */
export interface DeadLetter {
  /** The stage that dropped the record. */
  stage: string;
  /** Why. */
  reason: string;
  /** The record as the stage got it, or what can be said of it. */
  record?: unknown;
}

/**
 * Appends dead letters to a JSON Lines file, each as it comes: a run that is killed loses none.
 *
 * The file is made with the first letter, and further runs add to it.
 */
export class DeadLetters implements Disposable {
  readonly #path: string;
  readonly #encoder = new TextEncoder();
  #file: Deno.FsFile | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws {UserError} If the file cannot be written. */
  write(letter: DeadLetter): void {
    try {
      this.#file ??= this.#open();
      const bytes = this.#encoder.encode(`${serialise(letter)}\n`);
      for (let start = 0; start < bytes.length;) {
        start += this.#file.writeSync(bytes.subarray(start));
      }
    } catch (cause) {
      throw new UserError(`Cannot write dead letters to ${this.#path}: ${reasonOf(cause)}`, {
        cause,
        hint: "Check that the folder exists, may be written and has room",
      });
    }
  }

  #open(): Deno.FsFile {
    const file = Deno.openSync(this.#path, { append: true, create: true });
    // A run that was killed may have left half a line: ours begins on a line of its own.
    if (!endsWithNewline(this.#path)) file.writeSync(this.#encoder.encode("\n"));
    return file;
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

function endsWithNewline(path: string): boolean {
  using file = Deno.openSync(path);
  if (file.statSync().size === 0) return true;
  const last = new Uint8Array(1);
  file.seekSync(-1, Deno.SeekMode.End);
  file.readSync(last);
  return last[0] === 0x0a;
}

function serialise(letter: DeadLetter): string {
  try {
    return JSON.stringify(letter);
  } catch {
    return JSON.stringify({ ...letter, record: String(letter.record) });
  }
}
