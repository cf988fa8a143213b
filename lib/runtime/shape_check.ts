import type { InferenceSession } from "onnxruntime-node";
import type { HostTensor } from "./tensor.ts";

/** What a graph says of one of its inputs or outputs. */
type Declared = InferenceSession.ValueMetadata;

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
  check(declared: Declared, { type, shape }: HostTensor): void {
    if (!declared.isTensor) return;
    const { name } = declared;
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
    declared.shape.forEach((symbol, axis) => {
      if (typeof symbol === "string" && symbol !== "") this.#bind(symbol, shape[axis], name);
    });
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
