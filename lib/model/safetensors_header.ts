/**
 * The header of a safetensors file, believed only as far as the file bears it out.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { isJsonObject, type JsonObject } from "./config_reader.ts";
import { elementCount } from "./parameters.ts";
import { elementSize } from "./safetensors_dtype.ts";

/** Where a tensor lies and what it is. */
export interface TensorEntry {
  /** Its key in the header. */
  readonly name: string;
  /** Number format, such as `F32`. */
  readonly dtype: string;
  /** Sizes, slowest dimension first. */
  readonly shape: readonly number[];
  /** First byte, counted from the end of the header. */
  readonly begin: number;
  /** One past the last byte. */
  readonly end: number;
}

/** A checked header. */
export interface SafetensorsHeader {
  /** By name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** `__metadata__`: strings only. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on a header. */
const MAX_HEADER_BYTES = 100_000_000;

/** Bytes of the header's length, before it. */
export const PREFIX_BYTES = 8;

const TRUNCATED = "The file is cut short or damaged: copy or download it again";

/**
 * The header's length, read from the first eight bytes.
 *
 * @throws {UserError} If the file cannot hold a header of that length.
 */
export function headerLength(prefix: Uint8Array, fileSize: number, path: string): number {
  if (fileSize < PREFIX_BYTES) {
    throw new UserError(`${path} has ${fileSize} bytes: too few for a safetensors file`, {
      hint: TRUNCATED,
    });
  }
  const claimed = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (claimed > BigInt(Math.min(fileSize - PREFIX_BYTES, MAX_HEADER_BYTES))) {
    const pointer = new TextDecoder().decode(prefix) === "version ";
    throw new UserError(
      `${path} claims a header of ${claimed} bytes, but the file has ${fileSize}`,
      {
        hint: pointer
          ? "It is a pointer of Git LFS, not the weights: run `git lfs pull`"
          : "It is no safetensors file, or it is cut short",
      },
    );
  }
  return Number(claimed);
}

/** Keys of the outermost object as written: `JSON.parse` would keep the last of equal ones only. */
function* outerKeys(text: string): Generator<string> {
  let depth = 0;
  for (const [lexeme] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/gs)) {
    if (lexeme === "{" || lexeme === "[") depth++;
    else if (lexeme === "}" || lexeme === "]") depth--;
    else if (depth === 1 && lexeme.endsWith(":")) yield lexeme.slice(0, -1).trim();
  }
}

function refuseDuplicates(text: string, path: string) {
  const seen = new Set<string>();
  for (const key of outerKeys(text)) {
    if (seen.has(key)) throw new UserError(`${path} holds the tensor ${key} twice`);
    seen.add(key);
  }
}

function parseObject(bytes: Uint8Array, path: string): JsonObject {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const parsed: unknown = JSON.parse(text);
    if (!isJsonObject(parsed)) throw new TypeError("it is not an object");
    refuseDuplicates(text, path);
    return parsed;
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${path} has a header that is no JSON: ${(cause as Error).message}`, {
      hint: TRUNCATED,
      cause,
    });
  }
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseEntry(name: string, value: unknown, path: string): TensorEntry {
  const where = `${path}: tensor "${name}"`;
  if (!isJsonObject(value)) throw new UserError(`${where} has no description`);
  const { dtype, shape, data_offsets: offsets } = value;
  const size = elementSize(String(dtype));
  if (size === undefined) throw new UserError(`${where} has the unknown dtype ${dtype}`);
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw new UserError(`${where} has the shape ${JSON.stringify(shape)}`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new UserError(`${where} has the offsets ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets;
  const bytes = elementCount(shape) * size;
  if (end - begin !== bytes) {
    throw new UserError(
      `${where} is ${dtype} [${shape}], ${bytes} bytes, but its offsets hold ${end - begin}`,
    );
  }
  return { name, dtype: String(dtype), shape, begin, end };
}

/** The format allows no overlap and no gap, so that nothing can hide in a file. */
function checkLayout(entries: readonly TensorEntry[], dataSize: number, path: string) {
  let filled = 0;
  let before = "the header";
  for (const { name, begin, end } of entries) {
    if (end > dataSize) {
      throw new UserError(
        `${path} ends inside or before tensor "${name}": it needs ${end} bytes of data, ` +
          `there are ${dataSize}`,
        { hint: TRUNCATED },
      );
    }
    if (begin < filled) throw new UserError(`${path}: tensor "${name}" overlaps ${before}`);
    if (begin > filled) {
      throw new UserError(`${path} has ${begin - filled} bytes of no tensor before "${name}"`);
    }
    filled = end;
    before = `tensor "${name}"`;
  }
  if (filled < dataSize) {
    throw new UserError(`${path} has ${dataSize - filled} bytes of no tensor at its end`);
  }
}

/**
 * Reads and checks a header.
 *
 * @param bytes The header without its length.
 * @param dataSize Bytes of the file after the header.
 * @param path Names the file in errors.
 * @throws {UserError} If it is no header, or one that its file does not bear out.
 */
export function parseHeader(bytes: Uint8Array, dataSize: number, path: string): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...tensors } = parseObject(bytes, path);
  const strings = isJsonObject(metadata) &&
    Object.values(metadata).every((value) => typeof value === "string");
  if (!strings) throw new UserError(`${path}: "__metadata__" may hold strings only`);
  const entries = Object.entries(tensors)
    .map(([name, value]) => parseEntry(name, value, path))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, dataSize, path);
  return {
    tensors: new Map(entries.map((entry) => [entry.name, entry])),
    metadata: metadata as Record<string, string>,
  };
}
