/**
 * Moments in a file: some MB of memory, and 8 bytes of disk a number that learns.
 *
 * @module
 */

import type { Tensor, TensorSource, Weights } from "../../model/mod.ts";
import {
  floatsIn,
  type MomentPart,
  type MomentStore,
  type MomentTensors,
  type OpenMoments,
  PART_LENGTH,
  partBounds,
} from "./moment_store.ts";
import { NumbersFile } from "../numbers_file.ts";
import { underway } from "../underway.ts";

type Numbers = Float32Array<ArrayBuffer>;

/** Where a parameter's moments are. */
interface Place {
  shape: readonly number[];
  length: number;
  /** Numbers of the file before them. */
  begin: number;
}

/**
 * Moments in a file, read one part ahead of the update and written one part behind it.
 *
 * The file holds part after part, each with its first moments before its second ones. It is of use
 * to this process only, and out of its folder at once: what a run goes on from is its checkpoint.
 */
export class DiskMoments implements MomentStore {
  readonly format = "float32";
  readonly names: readonly string[];
  readonly #places: ReadonlyMap<string, Place>;
  readonly #file: NumbersFile;
  /** One that is read into, one in use, and one that is written. */
  readonly #buffers: readonly Numbers[];

  private constructor(places: ReadonlyMap<string, Place>, file: NumbersFile) {
    this.names = [...places.keys()];
    this.#places = places;
    this.#file = file;
    this.#buffers = [0, 1, 2].map(() => new Float32Array(2 * PART_LENGTH));
  }

  /**
   * Makes a file of zeros for each parameter.
   *
   * @param path Of the file; one in the system's folder for temporary files where it is missing.
   * @throws {UserError} If the file cannot be written, or there is no room for it.
   */
  static async open(parameters: Weights, path?: string): Promise<DiskMoments> {
    const places = new Map<string, Place>();
    let begin = 0;
    for (const [name, { shape, data: { length } }] of parameters) {
      places.set(name, { shape, length, begin });
      begin += 2 * length;
    }
    const place = path ?? await Deno.makeTempFile({ prefix: "moments-" });
    const file = await NumbersFile.create(place, begin);
    await file.removeEarly();
    return new DiskMoments(places, file);
  }

  parts(name: string): AsyncIterable<MomentPart> {
    return this.#visit(name, { keep: true });
  }

  async *#visit(name: string, { keep }: { keep: boolean }): AsyncGenerator<MomentPart> {
    const { begin, length } = this.#places.get(name)!;
    const pieces = partBounds(length).map(({ from, to }, part) => {
      const numbers = this.#buffers[part % this.#buffers.length].subarray(0, 2 * (to - from));
      const first = numbers.subarray(0, to - from);
      const second = numbers.subarray(to - from);
      return { at: begin + 2 * from, numbers, part: { from, first, second } };
    });
    const read = async ({ at, numbers }: typeof pieces[number]) => {
      await this.#file.read(at, numbers);
    };
    let ahead = underway(read(pieces[0]));
    let behind = Promise.resolve();
    try {
      for (const [index, piece] of pieces.entries()) {
        await ahead;
        const next = pieces[index + 1];
        if (next) ahead = underway(read(next));
        yield piece.part;
        if (!keep) continue;
        await behind;
        behind = underway(this.#file.write(piece.at, piece.numbers));
      }
      await behind;
    } finally {
      await Promise.allSettled([ahead, behind]);
    }
  }

  tensors(name: string): MomentTensors<TensorSource> {
    const { shape } = this.#places.get(name)!;
    return {
      first_moment: { dtype: "F32", shape, data: () => this.#gather(name, "first") },
      second_moment: { dtype: "F32", shape, data: () => this.#gather(name, "second") },
    };
  }

  async restore(name: string, tensors: MomentTensors<Tensor>): Promise<void> {
    const [first, second] = [tensors.first_moment, tensors.second_moment].map(floatsIn);
    for await (const part of this.parts(name)) {
      const end = part.from + part.first.length;
      part.first.set(first.subarray(part.from, end));
      part.second.set(second.subarray(part.from, end));
    }
  }

  async #gather(name: string, kind: "first" | "second"): Promise<Numbers> {
    const all = new Float32Array(this.#places.get(name)!.length);
    for await (const { from, [kind]: numbers } of this.#visit(name, { keep: false })) {
      all.set(numbers, from);
    }
    return all;
  }

  /** Removes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

/** Makes moments in a file ready. */
export const diskMoments: OpenMoments = (parameters, { momentsFile }) =>
  DiskMoments.open(parameters, momentsFile);
