import { floatsOf, type HostTensor, type Tensors } from "../../runtime/mod.ts";
import { NumbersFile } from "../numbers_file.ts";
import type { RowBuffers } from "../row_buffers.ts";
import { underway } from "../underway.ts";
import type { KeptLayers, KeptOptions, OpenKept } from "./kept_layers.ts";
import { float16, float32, type NumberFormat } from "./number_format.ts";

/** Numbers that are written or read at once. */
const PIECE = 2 ** 20;

/** Where a tensor is in the file, and how it is written there. */
interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  /** The byte where each piece begins, and the numbers that are in it. */
  readonly pieces: readonly { at: number; from: number; to: number }[];
  readonly format: NumberFormat;
}

/**
 * Layers' values in a file: a layer is written while the next one is computed, and read while the
 * one behind it is.
 */
class KeptOnDisk implements KeptLayers {
  readonly #file: NumbersFile;
  readonly #buffers: RowBuffers;
  readonly #wide: NumberFormat;
  readonly #layers: Place[][] = [];
  /** Bytes of the file that are in use. */
  #end = 0;
  #bytes = new Uint8Array(0);
  #behind: Promise<void> = Promise.resolve();
  #ahead?: Promise<Tensors>;

  constructor(file: NumbersFile, buffers: RowBuffers, wide: NumberFormat) {
    this.#file = file;
    this.#buffers = buffers;
    this.#wide = wide;
  }

  async put(values: Tensors): Promise<void> {
    await this.#behind;
    const widest = Math.max(...Object.values(values).map(({ data }) => data.length));
    const places = Object.entries(values).map(([name, tensor]) =>
      this.#place(name, tensor, widest)
    );
    this.#layers.push(places);
    this.#behind = underway(this.#write(places, values));
  }

  async turn(): Promise<void> {
    await this.#behind;
    this.#readAhead();
  }

  async take(): Promise<Tensors> {
    const values = await this.#ahead!;
    this.#readAhead();
    return values;
  }

  async clear(): Promise<void> {
    await Promise.allSettled([this.#behind, this.#ahead]);
    this.#behind = Promise.resolve();
    this.#ahead = undefined;
    this.#layers.length = 0;
    this.#end = 0;
  }

  /** Closes the file, and with that removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
    await this.#file[Symbol.asyncDispose]();
  }

  #place(name: string, { data, shape }: HostTensor, widest: number): Place {
    // What there is one of a head stands in exponents, and takes little room as it is.
    const format = data.length * 8 <= widest ? float32 : this.#wide;
    const pieces = [];
    for (let from = 0; from < data.length; from += PIECE) {
      const to = Math.min(data.length, from + PIECE);
      pieces.push({ at: this.#end, from, to });
      this.#end += format.size(to - from);
    }
    return { name, shape, pieces, format };
  }

  async #write(places: readonly Place[], values: Tensors): Promise<void> {
    for (const { name, pieces, format } of places) {
      const numbers = floatsOf(values[name]);
      for (const { at, from, to } of pieces) {
        await this.#file.write(at, format.encode(numbers.subarray(from, to)));
      }
    }
    this.#buffers.free(values);
  }

  #readAhead(): void {
    const places = this.#layers.pop();
    this.#ahead = places && underway(this.#read(places));
  }

  async #read(places: readonly Place[]): Promise<Tensors> {
    const values: Record<string, HostTensor> = {};
    for (const { name, shape, pieces, format } of places) {
      values[name] = this.#buffers.make("float32", shape);
      const numbers = floatsOf(values[name]);
      for (const { at, from, to } of pieces) {
        const bytes = this.#room(format.size(to - from));
        await this.#file.read(at, bytes);
        format.decode(bytes, numbers.subarray(from, to));
      }
    }
    return values;
  }

  #room(length: number): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    return this.#bytes.subarray(0, length);
  }
}

/** @param wide How all is written but the little that there is one of a head. */
async function open({ buffers, file }: KeptOptions, wide: NumberFormat): Promise<KeptLayers> {
  const path = file ?? await Deno.makeTempFile({ prefix: "activations-" });
  const opened = await NumbersFile.create(path);
  await opened.removeEarly();
  return new KeptOnDisk(opened, buffers, wide);
}

/** Keeps layers' values in a file. */
export const keptOnDisk: OpenKept = (options) => open(options, float32);

/** Keeps layers' values in a file of half that size. */
export const keptOnDisk16: OpenKept = (options) => open(options, float16());
