/**
 * Writes safetensors files: whole or not at all.
 *
 * @module
 */

import { UserError, whileWriting, writeAll } from "../flow/mod.ts";
import { elementCount } from "./parameters.ts";
import { elementSize, encode, fits, type TensorData } from "./safetensors_dtype.ts";
import { PREFIX_BYTES } from "./safetensors_header.ts";
import type { Tensor } from "./safetensors_read.ts";

/** Tensors begin where 8-byte numbers may. */
const ALIGNMENT = 8;

/** A tensor to be written, whose numbers may be fetched when it is its turn: few are in memory then. */
export interface TensorSource extends Omit<Tensor, "data"> {
  /** The numbers, row by row, or what fetches them. */
  readonly data: TensorData | (() => Promise<TensorData>);
}

function checkTensor(name: string, { dtype, shape, data }: Tensor) {
  if (!fits(dtype, data)) {
    throw new TypeError(`Tensor "${name}" is to be ${dtype}, but is a ${data.constructor.name}`);
  }
  if (elementCount(shape) !== data.length) {
    throw new TypeError(
      `Tensor "${name}" has the shape [${shape}], but ${data.length} numbers`,
    );
  }
}

async function fetched({ data, ...about }: TensorSource): Promise<Tensor> {
  return { ...about, data: typeof data === "function" ? await data() : data };
}

function storedSize({ dtype, shape }: TensorSource): number {
  return elementSize(dtype)! * elementCount(shape);
}

/** The header with its length before it, padded so that the data is aligned. */
function headerBytes(
  tensors: Iterable<readonly [string, TensorSource]>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  // No prototype: a tensor may be called anything.
  const header: Record<string, unknown> = Object.create(null);
  header.__metadata__ = metadata;
  let end = 0;
  for (const [name, tensor] of tensors) {
    const begin = end;
    end += storedSize(tensor);
    header[name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(PREFIX_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, PREFIX_BYTES);
  return bytes;
}

/** Half precision reaches to 65,504: what lies beyond would be stored as infinity, unseen. */
function storedBytes(name: string, { dtype, data }: Tensor): Uint8Array {
  const bytes = encode(dtype, data);
  if (dtype !== "F16" || data instanceof Uint16Array) return bytes;
  const halves = new Float16Array(bytes.buffer, bytes.byteOffset, data.length);
  const index = halves.findIndex((half, i) =>
    !Number.isFinite(half) && Number.isFinite(data[i] as number)
  );
  if (index < 0) return bytes;
  throw new UserError(`Tensor "${name}" holds ${data[index]}, which is too large for F16`, {
    hint: "Save it as BF16 or F32",
  });
}

async function writeTensors(
  path: string,
  tensors: readonly (readonly [string, TensorSource])[],
  { metadata = {}, signal }: WriteSafetensorsOptions,
): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  await writeAll(file, headerBytes(tensors, metadata));
  for (const [name, source] of tensors) {
    signal?.throwIfAborted();
    const tensor = await fetched(source);
    checkTensor(name, tensor);
    await writeAll(file, storedBytes(name, tensor));
  }
  await file.sync();
}

/** What goes with the tensors, and when to stop. */
export interface WriteSafetensorsOptions {
  /** Strings that travel with the tensors. @default {{}} */
  metadata?: Readonly<Record<string, string>>;
  /** Stops between two tensors; nothing is left behind. */
  signal?: AbortSignal;
}

/**
 * Writes tensors as a safetensors file.
 *
 * The bytes go to `path` with `.part` behind it, which becomes `path` once all are on disk.
 *
 * @throws {UserError} If a number is too large for F16, or the file cannot be written.
 * @throws {TypeError} If a tensor's numbers do not fit its shape or format.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorSource>,
  options: WriteSafetensorsOptions = {},
): Promise<void> {
  const widestFirst = [...tensors].sort(([, a], [, b]) =>
    elementSize(b.dtype)! - elementSize(a.dtype)!
  );
  const part = `${path}.part`;
  try {
    await whileWriting(path, writeTensors(part, widestFirst, options));
    await whileWriting(path, Deno.rename(part, path));
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}
