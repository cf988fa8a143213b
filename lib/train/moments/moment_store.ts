/**
 * Where an optimiser's moments are between steps.
 *
 * @module
 */

import type { Tensor, TensorSource, Weights } from "../../model/mod.ts";

/** Numbers that are updated at once: few enough that what is in between stays near the processor. */
export const PART_LENGTH = 2 ** 18;

/** Moments of some numbers of a parameter, to be changed in place. */
export interface MomentPart {
  /** Which number of the parameter is the first. */
  readonly from: number;
  /** Decaying mean of the gradients, before bias correction. */
  readonly first: Float32Array<ArrayBuffer>;
  /** Decaying mean of the squared gradients, before bias correction. */
  readonly second: Float32Array<ArrayBuffer>;
}

/** Tensors of a checkpoint that are one parameter's moments, by what they are. */
export type MomentTensors<T> = Readonly<Record<string, T>>;

/** How the moments of a checkpoint are written down. */
export type MomentFormat = "float32" | "8bit";

/** Moments of everything that learns, all of them zero at first. */
export interface MomentStore extends AsyncDisposable {
  /** How they are written down: a checkpoint in another format is refused. */
  readonly format: MomentFormat;
  /** Names of the parameters that have moments. */
  readonly names: readonly string[];
  /**
   * A parameter's moments, {@linkcode PART_LENGTH} numbers at a time and in their order.
   *
   * A part is kept as it is when the next one is asked for, and is not to be touched from then on.
   * One parameter at a time: a loop that is left early leaves that part and those behind it as they were.
   */
  parts(name: string): Iterable<MomentPart> | AsyncIterable<MomentPart>;
  /** What a checkpoint holds of a parameter's moments: exactly what they are. */
  tensors(name: string): MomentTensors<TensorSource>;
  /** Takes up what {@linkcode tensors} gave once, of the same types and shapes. */
  restore(name: string, tensors: MomentTensors<Tensor>): Promise<void>;
}

/** Where moments that are not in memory are. */
export interface MomentStoreOptions {
  /** The file that `disk` keeps them in. @default {one in the system's temporary folder} */
  momentsFile?: string;
}

/** Makes the moments of parameters ready. */
export type OpenMoments = (
  parameters: Weights,
  options: MomentStoreOptions,
) => Promise<MomentStore>;

/** Where the parts of so many numbers begin and end. */
export function partBounds(length: number): { from: number; to: number }[] {
  return Array.from({ length: Math.ceil(length / PART_LENGTH) }, (_, part) => ({
    from: part * PART_LENGTH,
    to: Math.min(length, (part + 1) * PART_LENGTH),
  }));
}

/** The float32 numbers of a checkpoint's tensor, whose type was looked at before. */
export function floatsIn(tensor: Tensor): Float32Array<ArrayBuffer> {
  return tensor.data as Float32Array<ArrayBuffer>;
}
