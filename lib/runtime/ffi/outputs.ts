import type { Declared, ShapeCheck } from "../shape_check.ts";
import {
  emptyTensor,
  type HostTensor,
  type MakeTensor,
  type TensorData,
  type Tensors,
} from "../tensor.ts";
import { type CApi, type Handle, made } from "./c_api.ts";
import { readLengths } from "./graph_values.ts";
import type { Library } from "./library.ts";
import { Names } from "./names.ts";
import { isStaged, Stage } from "./stage.ts";

/** The library makes a value itself where none is given. */
const NONE: Handle = 0n;

/** Names and values as a run takes them; it fills in the values that the library makes. */
export interface OutputTable {
  readonly names: BigUint64Array<ArrayBuffer>;
  readonly values: BigUint64Array<ArrayBuffer>;
}

/** Takes an output of a run to where it is wanted. */
type Take = (into?: HostTensor) => HostTensor;

/** What comes out of the runs of a graph, one run at a time. */
export class Outputs {
  readonly #declared: readonly Declared[];
  readonly #library: Library;
  readonly #stages: readonly Stage[];
  readonly #names: Names;
  readonly #marked: OutputTable;
  /** Every output once. */
  readonly table: OutputTable;

  /** @param declared The graph's outputs. */
  constructor(declared: readonly Declared[], library: Library) {
    this.#declared = declared;
    this.#library = library;
    this.#stages = declared.map(({ type }) => new Stage(library.values, type));
    const names = declared.map(({ name }) => name);
    this.#names = new Names([names[0], ...names]);
    this.#marked = {
      names: this.#names.pointers,
      values: new BigUint64Array(this.#names.pointers.length),
    };
    this.table = { names: this.#marked.names.subarray(1), values: this.#marked.values.subarray(1) };
  }

  /**
   * The first output once more, then every output. Values that the library makes appear at the end of
   * a run, so that the first one, to be released, is the mark of its end.
   */
  get markedTable(): OutputTable {
    this.#marked.values[0] = NONE;
    return this.#marked;
  }

  /**
   * Sets the values of a run. Large outputs whose shape is known before are written in place, small
   * ones are copied, and those of unknown shape are made by the library and copied.
   *
   * @param tensors Those that were given; those that are made for the run are added.
   * @param make Makes those.
   * @returns What takes each output to its place after the run.
   */
  prepare(
    tensors: Record<string, HostTensor>,
    make: MakeTensor,
    lengths: ShapeCheck,
    temporary: Handle[],
  ): Take[] {
    const { values } = this.table;
    return this.#declared.map((declared, at) => {
      const { name, type } = declared;
      const shape = tensors[name]?.shape ?? lengths.shapeOf(declared);
      if (!shape) {
        values[at] = NONE;
        return () => takeValue(this.#library.api, values[at], type);
      }
      if (isStaged(type, shape)) {
        values[at] = this.#stages[at].room(shape);
        return (into) => this.#stages[at].take(into);
      }
      const tensor = tensors[name] ??= make(type, shape);
      values[at] = this.#library.values.of(tensor, temporary);
      return () => tensor;
    });
  }

  /** What a run gave, but for what was written into given tensors. */
  collect(takes: readonly Take[], into: Tensors): Record<string, HostTensor> {
    const found: Record<string, HostTensor> = {};
    for (const [at, { name }] of this.#declared.entries()) {
      const tensor = takes[at](into[name]);
      if (!into[name]) found[name] = tensor;
    }
    return found;
  }

  /** Frees what is held between runs. */
  release(): void {
    for (const stage of this.#stages) stage.release();
  }
}

/** Copies a value that the library made, and frees it. */
function takeValue(api: CApi, value: Handle, type: keyof TensorData): HostTensor {
  try {
    const info = made((out) => api.GetTensorTypeAndShape(value, out));
    const shape = readLengths(api, info);
    api.ReleaseTensorTypeAndShapeInfo(info);
    const tensor = emptyTensor(type, shape);
    const address = made((out) => api.GetTensorMutableData(value, out));
    if (tensor.data.length > 0) {
      Deno.UnsafePointerView.copyInto(Deno.UnsafePointer.create(address)!, tensor.data);
    }
    return tensor;
  } finally {
    api.ReleaseValue(value);
  }
}
