import { ARRAY_OF, elementCount, type HostTensor, type TensorData } from "./tensor.ts";

/** What a graph says of one of its inputs or outputs. */
export interface Declared {
  readonly name: string;
  readonly type: keyof TensorData;
  /** Lengths, or the symbols that stand for them; an empty symbol is a length that nobody named. */
  readonly shape: readonly (number | string)[];
}

/**
 * Holds the tensors of one run against what a graph declares: types, ranks, lengths, and that
 * lengths of one name are the same everywhere.
 */
export class ShapeCheck {
  readonly #graph: string;
  /** Length and owner by symbol. */
  readonly #symbols = new Map<string, { length: number; owner: string }>();

  /** @param graph Named in errors. */
  constructor(graph: string) {
    this.#graph = graph;
  }

  /** @throws {TypeError} If the tensor cannot be what was declared. */
  check(declared: Declared, tensor: HostTensor): void {
    const { name } = declared;
    const { type, shape } = tensor;
    if (type !== declared.type) {
      throw new TypeError(`${this.#graph}: ${name} is ${type}, expected ${declared.type}`);
    }
    const fits = shape.length === declared.shape.length &&
      declared.shape.every((length, axis) => typeof length === "string" || length === shape[axis]);
    if (!fits) {
      throw new TypeError(
        `${this.#graph}: ${name} has shape [${shape}], expected [${declared.shape}]`,
      );
    }
    this.#checkContents(name, tensor);
    declared.shape.forEach((symbol, axis) => {
      if (typeof symbol === "string" && symbol !== "") this.#bind(symbol, shape[axis], name);
    });
  }

  /** The shape that a run of the tensors checked so far will give, where their lengths tell it. */
  shapeOf(declared: Declared): number[] | undefined {
    const lengths: number[] = [];
    for (const length of declared.shape) {
      const known = typeof length === "number" ? length : this.#symbols.get(length)?.length;
      if (known === undefined) return undefined;
      lengths.push(known);
    }
    return lengths;
  }

  /** The product of all lengths that vary from run to run: what a run's work grows with. */
  get size(): number {
    let size = 1;
    for (const { length } of this.#symbols.values()) size *= length;
    return size;
  }

  /** Native code reads as much memory as the shape says, wherever the array ends. */
  #checkContents(name: string, { type, data, shape }: HostTensor): void {
    if (!(data instanceof ARRAY_OF[type]) || !(data.buffer instanceof ArrayBuffer)) {
      throw new TypeError(`${this.#graph}: ${name} is ${type} but holds no ${ARRAY_OF[type].name}`);
    }
    if (data.buffer.resizable) {
      throw new TypeError(`${this.#graph}: ${name} is in a resizable buffer, whose memory can go`);
    }
    const counts = shape.every((length) => Number.isSafeInteger(length) && length >= 0);
    if (!counts || elementCount(shape) !== data.length) {
      throw new TypeError(
        `${this.#graph}: ${name} has shape [${shape}] but holds ${data.length} elements`,
      );
    }
  }

  #bind(symbol: string, length: number, owner: string): void {
    const known = this.#symbols.get(symbol);
    if (!known) this.#symbols.set(symbol, { length, owner });
    else if (known.length !== length) {
      throw new TypeError(
        `${this.#graph}: ${symbol} is ${length} in ${owner} and ${known.length} in ${known.owner}`,
      );
    }
  }
}
