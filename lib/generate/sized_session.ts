/**
 * A graph in two makes: for few tokens and for many.
 *
 * @module
 */

import type { CachedGraphOptions } from "../model/mod.ts";
import { type Graph, modelBytes } from "../onnx/mod.ts";
import {
  type HostTensor,
  openAll,
  Session,
  type SessionOptions,
  type Tensors,
} from "../runtime/mod.ts";

/** More tokens than these are many: from here on a product costs more than reading its weight. */
const FEW = 64;

/** Runs a graph as fast as the number of tokens allows; a single token has no better make. */
export class SizedSession implements AsyncDisposable {
  readonly #few: Session;
  readonly #many: Session;

  private constructor({ few, many }: { few: Session; many: Session }) {
    this.#few = few;
    this.#many = many;
  }

  /** Makes both ready. */
  static async open(
    graph: (options: CachedGraphOptions) => Graph,
    options: SessionOptions,
  ): Promise<SizedSession> {
    const opener = (fewTokens: boolean) => () =>
      Session.open(modelBytes(graph({ fewTokens })), options);
    return new SizedSession(await openAll({ few: opener(true), many: opener(false) }));
  }

  /** Runs the graph for `count` tokens. */
  run(count: number, inputs: Tensors): Promise<Record<string, HostTensor>> {
    const isFew = count > 1 && count <= FEW;
    return (isFew ? this.#few : this.#many).run(inputs);
  }

  /** Frees both. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#few[Symbol.asyncDispose]();
    await this.#many[Symbol.asyncDispose]();
  }
}
