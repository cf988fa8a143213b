import { gemm, Graph, modelBytes } from "../../../lib/onnx/mod.ts";
import { floats, Session } from "../../../lib/runtime/mod.ts";
import { type Cost, stopwatch } from "./stopwatch.ts";

/** GFLOP/s by wall time and by the CPU time of all threads. */
export interface Rate {
  wall: number;
  cpu: number;
}

const [M, K, N] = [2048, 576, 1536];

/** Products of a sample: about a second's, so that it meets what the machine does beside as steps do. */
const PRODUCTS = 100;

/** The rate of onnxruntime's product of 2,048 x 576 x 1,536. */
export class ProductRate implements AsyncDisposable {
  readonly #session: Session;
  readonly #feeds = {
    a: floats(new Float32Array(M * K).fill(0.5), [M, K]),
    b: floats(new Float32Array(K * N).fill(0.5), [K, N]),
  };
  // The output is written in place, so that no fresh memory is paid for.
  readonly #into = { y: floats(new Float32Array(M * N), [M, N]) };
  #sustained: Rate = { wall: 0, cpu: 0 };
  #peak: Rate = { wall: 0, cpu: 0 };

  private constructor(session: Session) {
    this.#session = session;
  }

  /** Makes the product ready. */
  static async open(threads: number): Promise<ProductRate> {
    const g = new Graph("product");
    g.output("y", gemm(g, g.input("a", "float32", [M, K]), g.input("b", "float32", [K, N])));
    return new ProductRate(await Session.open(modelBytes(g), { threads }));
  }

  /** The most of all samples. */
  get sustained(): Rate {
    return this.#sustained;
  }

  /** The most of all single products. */
  get peak(): Rate {
    return this.#peak;
  }

  /** Computes the product again and again, and counts it. */
  async sample(): Promise<void> {
    const all = stopwatch();
    for (let turn = 0; turn < PRODUCTS; turn++) {
      const one = stopwatch();
      await this.#session.run(this.#feeds, this.#into);
      this.#peak = most(this.#peak, rateOf(1, one()));
    }
    this.#sustained = most(this.#sustained, rateOf(PRODUCTS, all()));
  }

  /** Frees the session. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#session[Symbol.asyncDispose]();
  }
}

function rateOf(products: number, { wall, cpu }: Cost): Rate {
  const operations = products * 2 * M * K * N;
  return { wall: operations / 1e6 / wall, cpu: operations / 1e6 / cpu };
}

function most(a: Rate, b: Rate): Rate {
  return { wall: Math.max(a.wall, b.wall), cpu: Math.max(a.cpu, b.cpu) };
}
