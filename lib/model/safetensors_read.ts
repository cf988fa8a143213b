/**
 * Reads safetensors files tensor by tensor.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { elementCount } from "./parameters.ts";
import {
  decode,
  type Dtype,
  elementSize,
  isDtype,
  isHalfDtype,
  type TensorData,
} from "./safetensors_dtype.ts";
import {
  headerLength,
  parseHeader,
  PREFIX_BYTES,
  type SafetensorsHeader,
  type TensorEntry,
} from "./safetensors_header.ts";

/** A tensor in memory. */
export interface Tensor {
  /** How it is stored; F32, F16 and BF16 are all a Float32Array in memory. */
  readonly dtype: Dtype;
  /** Sizes, slowest dimension first; `[]` for a single number. */
  readonly shape: readonly number[];
  /** The numbers, row by row. */
  readonly data: TensorData;
}

/** Fills `target` from the file; false if the file ends before. */
async function fill(file: Deno.FsFile, offset: number, target: Uint8Array): Promise<boolean> {
  await file.seek(offset, Deno.SeekMode.Start);
  for (let filled = 0; filled < target.length;) {
    const count = await file.read(target.subarray(filled));
    if (count === null) return false;
    filled += count;
  }
  return true;
}

/** An open safetensors file: its header is in memory, its tensors are on disk. */
export class SafetensorsFile implements AsyncDisposable {
  /** The file. */
  readonly path: string;
  /** What there is to read, in the order of the bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Strings that travel with the tensors. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly #file: Deno.FsFile;
  readonly #dataStart: number;

  /** Use {@linkcode openSafetensors}. */
  constructor(path: string, file: Deno.FsFile, header: SafetensorsHeader, dataStart: number) {
    this.path = path;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
    this.#file = file;
    this.#dataStart = dataStart;
  }

  /**
   * Reads one tensor; one at a time, since they share a file position.
   *
   * @throws {UserError} If the tensor is not there, has a number format that is not read here, or
   * if the file has been cut since it was opened.
   */
  async read(name: string): Promise<Tensor> {
    const { dtype, shape } = this.#entry(name);
    return { dtype, shape, data: await this.readPart(name, 0, elementCount(shape)) };
  }

  /**
   * Reads some of a tensor's numbers.
   *
   * @param from The first one.
   * @param to The one behind the last one.
   * @throws {UserError} As {@linkcode read}.
   */
  async readPart(name: string, from: number, to: number): Promise<TensorData> {
    return decode(this.#entry(name).dtype, await this.#bytes(name, from, to));
  }

  /**
   * Reads the bits of one tensor that is F16 or BF16, which {@linkcode read} gives as Float32.
   *
   * @throws {UserError} As {@linkcode read}.
   * @throws {TypeError} If its numbers have another format.
   */
  async readBits(name: string): Promise<Uint16Array<ArrayBuffer>> {
    const { dtype, shape } = this.#entry(name);
    if (!isHalfDtype(dtype)) throw new TypeError(`Tensor "${name}" is ${dtype}, not F16 or BF16`);
    const { buffer } = await this.#bytes(name, 0, elementCount(shape));
    return new Uint16Array(buffer);
  }

  #entry(name: string): TensorEntry & { dtype: Dtype } {
    const entry = this.tensors.get(name);
    if (!entry) throw new UserError(`${this.path} has no tensor "${name}"`);
    const { dtype } = entry;
    if (isDtype(dtype)) return { ...entry, dtype };
    throw new UserError(`${this.path}: tensor "${name}" is ${dtype}, which is not supported`, {
      hint: "Save it as F32, F16 or BF16",
    });
  }

  async #bytes(name: string, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    const { dtype, begin } = this.#entry(name);
    const size = elementSize(dtype)!;
    const bytes = new Uint8Array((to - from) * size);
    if (await fill(this.#file, this.#dataStart + begin + from * size, bytes)) return bytes;
    throw new UserError(`${this.path} ends inside tensor "${name}"`);
  }

  /** Closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}

async function readHeader(file: Deno.FsFile, path: string): Promise<[SafetensorsHeader, number]> {
  const { size } = await file.stat();
  const prefix = new Uint8Array(PREFIX_BYTES);
  await fill(file, 0, prefix);
  const bytes = new Uint8Array(headerLength(prefix, size, path));
  await fill(file, PREFIX_BYTES, bytes);
  const dataStart = PREFIX_BYTES + bytes.length;
  return [parseHeader(bytes, size - dataStart, path), dataStart];
}

/**
 * Opens a safetensors file and checks its header against the file.
 *
 * @throws {UserError} If the file is missing, truncated, or its header is wrong.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UserError(`There is no file ${path}`, { cause });
  }
  try {
    const [header, dataStart] = await readHeader(file, path);
    return new SafetensorsFile(path, file, header, dataStart);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** All of a safetensors file. */
export interface Safetensors {
  /** By name, in the order of the bytes. */
  tensors: Map<string, Tensor>;
  /** Strings that travel with them. */
  metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a whole safetensors file, for example a checkpoint.
 *
 * @throws {UserError} If the file is missing, truncated, or its header is wrong.
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  await using file = await openSafetensors(path);
  const tensors = new Map<string, Tensor>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  return { tensors, metadata: file.metadata };
}
