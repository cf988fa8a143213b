/**
 * Reads GGUF files tensor by tensor.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import { elementCount } from "../parameters.ts";
import type { BlockFormat } from "./block_format.ts";
import { formats } from "./formats.ts";
import { GgufMetadata, plainValues } from "./metadata.ts";

/** Weights that are read at once: whole blocks of every format, none of which is longer than F32's. */
const PIECE = 1 << 16;

const AGAIN = "The file may be cut off or damaged: download it again";

/** Where a tensor is. */
export interface GgufTensor {
  /** Sizes, slowest dimension first, as everywhere else: GGUF has them the other way round. */
  readonly shape: readonly number[];
  /** GGUF's name of the number format. */
  readonly type: string;
  /** How the numbers are stored. */
  readonly format: BlockFormat;
  /** The first byte in the file. */
  readonly begin: number;
}

/** What the library reads of a header. */
interface Header {
  metadata: object;
  tensorInfos: readonly { name: string; shape: bigint[]; dtype: number; offset: bigint }[];
  tensorDataOffset: bigint;
  tensorInfoByteRange: readonly [number, number];
  littleEndian: boolean;
}

/** An open GGUF file: its header is in memory, its tensors are on disk. */
export class GgufFile implements AsyncDisposable {
  /** The file. */
  readonly path: string;
  /** What it says about the model. */
  readonly metadata: GgufMetadata;
  /** What there is to read. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly #file: Deno.FsFile;
  readonly #numbers = new Float32Array(PIECE);
  readonly #bytes = new Uint8Array(PIECE * Float32Array.BYTES_PER_ELEMENT);

  /** Use {@linkcode openGguf}. */
  constructor(
    path: string,
    file: Deno.FsFile,
    metadata: GgufMetadata,
    tensors: ReadonlyMap<string, GgufTensor>,
  ) {
    this.path = path;
    this.metadata = metadata;
    this.tensors = tensors;
    this.#file = file;
  }

  /**
   * Reads one tensor as Float32, piece by piece; each is what it is until the next one. One tensor at
   * a time, since they share a file position.
   *
   * @throws {UserError} If the tensor is not there, or the file has been cut since it was opened.
   */
  async *pieces(name: string): AsyncGenerator<Float32Array> {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new UserError(`${this.path} has no tensor "${name}"`);
    const { shape, format, begin } = tensor;
    await this.#file.seek(begin, Deno.SeekMode.Start);
    for (let left = elementCount(shape); left > 0;) {
      const count = Math.min(PIECE, left);
      const bytes = this.#bytes.subarray(0, count / format.weights * format.bytes);
      if (!await fill(this.#file, bytes)) {
        throw new UserError(`${this.path} ends inside tensor "${name}"`, { hint: AGAIN });
      }
      const numbers = this.#numbers.subarray(0, count);
      format.decode(bytes, numbers);
      yield numbers;
      left -= count;
    }
  }

  /** Closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}

/** Fills `target` from where the file stands; false if the file ends before. */
async function fill(file: Deno.FsFile, target: Uint8Array): Promise<boolean> {
  for (let filled = 0; filled < target.length;) {
    const count = await file.read(target.subarray(filled));
    if (count === null) return false;
    filled += count;
  }
  return true;
}

async function refuseOtherFiles(file: Deno.FsFile, path: string) {
  const magic = new Uint8Array(4);
  const whole = await fill(file, magic);
  if (whole && new TextDecoder().decode(magic) === "GGUF") return;
  throw new UserError(`${path} is not a GGUF file: it does not begin with "GGUF"`);
}

async function readHeader(path: string): Promise<Header> {
  // Loaded here, so that only who reads such a file waits for it.
  const { gguf } = await import("@huggingface/gguf");
  try {
    return await gguf(path, { allowLocalFile: true });
  } catch (cause) {
    throw new UserError(`${path} has a header that cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: AGAIN,
    });
  }
}

async function typeName(type: number): Promise<string> {
  const { GGMLQuantizationType } = await import("@huggingface/gguf");
  return GGMLQuantizationType[type] ?? `of type ${type}`;
}

async function readTensors(header: Header, size: number, path: string) {
  const tensors = new Map<string, GgufTensor>();
  for (const { name, shape: reversed, dtype, offset } of header.tensorInfos) {
    const type = await typeName(dtype);
    if (!Object.hasOwn(formats, type)) {
      throw new UserError(`${path}: tensor "${name}" is ${type}, which is not supported`, {
        hint: `Quantise the model to one of ${Object.keys(formats).join(", ")}`,
      });
    }
    const format = formats[type];
    const shape = reversed.map(Number).reverse();
    const begin = Number(header.tensorDataOffset + offset);
    const blocks = elementCount(shape) / format.weights;
    if (!Number.isInteger(blocks)) {
      throw new UserError(`${path}: tensor "${name}" is [${shape}], which ${type} cannot hold`);
    }
    const end = begin + blocks * format.bytes;
    if (end > size) {
      throw new UserError(
        `${path} ends inside or before tensor "${name}": it has ${size} bytes of ${end} or more`,
        { hint: AGAIN },
      );
    }
    tensors.set(name, { shape, type, format, begin });
  }
  return tensors;
}

/**
 * Opens a GGUF file and checks its header against the file.
 *
 * @throws {UserError} If the file is missing, is no GGUF file, is cut off, holds one part of a model
 * in several files, or a tensor in a number format that is not read here.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UserError(`There is no file ${path}`, { cause });
  }
  try {
    await refuseOtherFiles(file, path);
    const header = await readHeader(path);
    const { size } = await file.stat();
    // Behind a file's end the library reads zeros.
    if (header.tensorInfoByteRange[1] > size) {
      throw new UserError(`${path} ends inside its header, after ${size} bytes`, { hint: AGAIN });
    }
    if (!header.littleEndian) throw new UserError(`${path} is big-endian, which is not supported`);
    const metadata = new GgufMetadata(plainValues(header.metadata), path);
    const parts = metadata.raw["split.count"];
    if (typeof parts === "number" && parts > 1) {
      throw new UserError(`${path} is one of ${parts} parts of a model`, {
        hint: "Join them into one file with llama.cpp's `llama-gguf-split --merge`",
      });
    }
    return new GgufFile(path, file, metadata, await readTensors(header, size, path));
  } catch (error) {
    file.close();
    throw error;
  }
}
