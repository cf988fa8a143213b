import { gemm, Graph, modelBytes } from "../../../lib/onnx/mod.ts";
import { floats, Session } from "../../../lib/runtime/mod.ts";
import { stopwatch } from "./stopwatch.ts";

/** GFLOP/s by wall time and by the CPU time of all threads. */
export interface Rate {
  wall: number;
  cpu: number;
}

/** The rate of onnxruntime's product of 2,048 x 576 x 1,536: the most of 20. */
export async function productRate(threads: number): Promise<Rate> {
  const [m, k, n] = [2048, 576, 1536];
  const g = new Graph("product");
  g.output("y", gemm(g, g.input("a", "float32", [m, k]), g.input("b", "float32", [k, n])));
  await using session = await Session.open(modelBytes(g), { threads });
  const feeds = {
    a: floats(new Float32Array(m * k).fill(0.5), [m, k]),
    b: floats(new Float32Array(k * n).fill(0.5), [k, n]),
  };
  // The output is written in place, so that no fresh memory is paid for.
  const into = { y: floats(new Float32Array(m * n), [m, n]) };
  const best: Rate = { wall: 0, cpu: 0 };
  for (let turn = 0; turn < 20; turn++) {
    const elapsed = stopwatch();
    await session.run(feeds, into);
    const { wall, cpu } = elapsed();
    const gflop = 2 * m * k * n / 1e9;
    best.wall = Math.max(best.wall, 1e3 * gflop / wall);
    best.cpu = Math.max(best.cpu, 1e3 * gflop / cpu);
  }
  return best;
}
