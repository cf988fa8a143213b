/**
 * Memory for what graphs make of a row, used again for the next layer and the next row.
 *
 * @module
 */

import { emptyTensor, floats, type MakeTensor, type Tensors } from "../runtime/mod.ts";

type Numbers = Float32Array<ArrayBuffer>;

/** Numbers of a token: arrays of one width serve rows of any length. */
function widthOf(shape: readonly number[]): number {
  return shape.slice(1).reduce((product, length) => product * length, 1);
}

function whole({ buffer }: Numbers): Numbers {
  return new Float32Array(buffer);
}

/**
 * Arrays that are free, by their width.
 *
 * Arrays of a long row take tens of MB each: left to the garbage collector they would pile up until
 * it finds the time.
 */
export class RowBuffers {
  readonly #free = new Map<number, Numbers[]>();
  /** What is in use; the graph's own tensors, where it makes some, are none of these. */
  readonly #lent = new WeakSet<ArrayBuffer>();

  /** Room for a tensor, with whatever is in there. Only float32 is used again. */
  readonly make: MakeTensor = (type, shape) => {
    if (type !== "float32" || shape.length === 0) return emptyTensor(type, shape);
    const width = widthOf(shape);
    const length = shape[0] * width;
    const room = this.#take(width, length);
    this.#lent.add(room.buffer);
    return floats(room.subarray(0, length), shape);
  };

  /**
   * Takes tensors back; nobody uses them any more. Those that were not made here are left to the
   * garbage collector: what is never asked for would pile up.
   */
  free(tensors: Tensors): void {
    for (const { type, data, shape } of Object.values(tensors)) {
      if (type === "float32" && this.#lent.delete(data.buffer)) {
        this.#freeOf(widthOf(shape)).push(whole(data));
      }
    }
  }

  #take(width: number, length: number): Numbers {
    const free = this.#freeOf(width);
    const byLength = free.sort((a, b) => a.length - b.length);
    const at = byLength.findIndex((buffer) => buffer.length >= length);
    if (at >= 0) return free.splice(at, 1)[0];
    // One that is too short now is in the place of the longer one: it would only lie there.
    free.pop();
    return new Float32Array(length);
  }

  #freeOf(width: number): Numbers[] {
    const free = this.#free.get(width) ?? [];
    this.#free.set(width, free);
    return free;
  }
}
