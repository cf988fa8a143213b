/**
 * Numbers in a file, read and written piece by piece.
 *
 * @module
 */

import { isSystemError, UserError, whileWriting, writeAll } from "../flow/mod.ts";

/** Zeros that are written at once to make a file as long as it is to be. */
const CHUNK = new Uint8Array(2 ** 22);

/** What goes into a file: numbers, or what they are written down as. */
type Piece = Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

function bytesOf({ buffer, byteOffset, byteLength }: Piece): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function fillWithZeros(file: Deno.FsFile, length: number): Promise<void> {
  for (let written = 0; written < length; written += CHUNK.length) {
    await writeAll(file, CHUNK.subarray(0, Math.min(CHUNK.length, length - written)));
  }
}

/** A file of float32 numbers that is gone once it is no longer used. */
export class NumbersFile implements AsyncDisposable {
  /** The file. */
  readonly path: string;
  // Two, since each has one position only and a piece may be read while another one is written.
  readonly #reader: Deno.FsFile;
  readonly #writer: Deno.FsFile;
  #isRemoved = false;

  private constructor(path: string, reader: Deno.FsFile, writer: Deno.FsFile) {
    this.path = path;
    this.#reader = reader;
    this.#writer = writer;
  }

  /**
   * Makes a file of so many zeros, in place of one that is there: a disk that is too full for it is
   * noticed now, not in the middle of a step. It grows where more is written.
   *
   * @throws {UserError} If it cannot be written, or there is no room for it.
   */
  static async create(path: string, count = 0): Promise<NumbersFile> {
    const bytes = count * Float32Array.BYTES_PER_ELEMENT;
    const open = async () => {
      const writer = await Deno.open(path, { write: true, create: true, truncate: true });
      try {
        await fillWithZeros(writer, bytes);
        return new NumbersFile(path, await Deno.open(path), writer);
      } catch (error) {
        writer.close();
        await Deno.remove(path).catch(() => {});
        throw error;
      }
    };
    const told = count > 0 ? `the file takes ${bytes} bytes` : undefined;
    return await whileWriting(path, open(), told);
  }

  /**
   * Fills `numbers` from the file; one call at a time.
   *
   * @param at The place of the first one, in numbers (bytes, where these are asked for).
   * @throws {UserError} If the file cannot be read or is too short.
   */
  async read(at: number, numbers: Piece): Promise<void> {
    const bytes = bytesOf(numbers);
    try {
      await this.#reader.seek(at * numbers.BYTES_PER_ELEMENT, Deno.SeekMode.Start);
      for (let filled = 0; filled < bytes.length;) {
        const count = await this.#reader.read(bytes.subarray(filled));
        if (count === null) throw new UserError(`${this.path} was cut while it was in use`);
        filled += count;
      }
    } catch (cause) {
      if (!isSystemError(cause)) throw cause;
      throw new UserError(`Cannot read ${this.path}: ${cause.message}`, { cause });
    }
  }

  /**
   * Puts `numbers` into the file; one call at a time.
   *
   * @param at The place of the first one, in numbers (bytes, where these are given).
   * @throws {UserError} If the file cannot be written.
   */
  async write(at: number, numbers: Piece): Promise<void> {
    const write = async () => {
      await this.#writer.seek(at * numbers.BYTES_PER_ELEMENT, Deno.SeekMode.Start);
      await writeAll(this.#writer, bytesOf(numbers));
    };
    await whileWriting(this.path, write());
  }

  /**
   * Takes the file out of its folder while it is in use: nothing is left of it however the program
   * ends. Windows removes none that is open.
   */
  async removeEarly(): Promise<void> {
    if (Deno.build.os === "windows") return;
    await Deno.remove(this.path);
    this.#isRemoved = true;
  }

  /** Removes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.close();
    this.#writer.close();
    if (!this.#isRemoved) await Deno.remove(this.path).catch(() => {});
  }
}
