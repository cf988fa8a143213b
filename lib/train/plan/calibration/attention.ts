/**
 * Attention without what is around it, to be measured alone.
 *
 * @module
 */

import { Random } from "../../../flow/random.ts";
import { layerInputs, type ModelConfig, type PackedRow } from "../../../model/mod.ts";
import { rowAttention } from "../../../model/blocks/row_attention.ts";
import { buildArtifacts, gradientName, type Segment, segmentPaths } from "../../../onnx/mod.ts";
import {
  floats,
  type HostTensor,
  openAll,
  Session,
  type SessionOptions,
} from "../../../runtime/mod.ts";
import { RowBuffers } from "../../row_buffers.ts";

const ATTENTION = "attention";

/** Attention without what is around it. */
function attentionSegment(config: ModelConfig): Segment {
  const { headCount, keyValueHeadCount, headSize } = config;
  return {
    name: ATTENTION,
    build(g) {
      const input = (name: string, heads: number) =>
        g.input(name, "float32", ["tokens", heads * headSize]);
      const flowing = [input("q", headCount), input("k", keyValueHeadCount)];
      flowing.push(input("v", keyValueHeadCount));
      const { attend, kept } = rowAttention(g, config);
      const [q, k, v] = flowing;
      const outputs = { hidden: attend(q, k, v) };
      return { flowing, parameters: [], outputs, differentiable: "hidden", kept };
    },
  };
}

/** Attention's forward and backward. */
export class Attention implements AsyncDisposable {
  readonly #config: ModelConfig;
  readonly #forward: Session;
  readonly #backward: Session;
  readonly #buffers = new RowBuffers();

  private constructor(config: ModelConfig, forward: Session, backward: Session) {
    this.#config = config;
    this.#forward = forward;
    this.#backward = backward;
  }

  /** Makes the graphs of a model's attention ready. */
  static async open(config: ModelConfig, session: SessionOptions): Promise<Attention> {
    const files = buildArtifacts([attentionSegment(config)]);
    const { eval: forward, training } = segmentPaths(ATTENTION);
    const open = (name: string) => () => Session.open(files.get(name)!, { ...session, name });
    const sessions = await openAll({ forward: open(forward), backward: open(training) });
    return new Attention(config, sessions.forward, sessions.backward);
  }

  /** What runs over a row. */
  over(row: PackedRow): () => Promise<void> {
    const { headCount, keyValueHeadCount, headSize } = this.#config;
    const random = new Random(1);
    const values = (heads: number): HostTensor => {
      const shape = [row.tokens.length, heads * headSize];
      return floats(Float32Array.from({ length: shape[0] * shape[1] }, () => random.next()), shape);
    };
    const [q, k, v] = [headCount, keyValueHeadCount, keyValueHeadCount].map(values);
    const { cos: _, sin: __, ...cut } = layerInputs(row, this.#config);
    const feeds = { q, k, v, ...cut };
    const { make } = this.#buffers;
    return async () => {
      const { hidden, ...kept } = await this.#forward.run(feeds, {}, make);
      const given = { ...feeds, ...kept, [gradientName("hidden")]: hidden };
      const gradients = await this.#backward.run(given, {}, make);
      this.#buffers.free({ hidden, ...kept, ...gradients });
    };
  }

  /** Frees the sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#forward[Symbol.asyncDispose]();
    await this.#backward[Symbol.asyncDispose]();
  }
}
