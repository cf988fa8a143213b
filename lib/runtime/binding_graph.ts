import type { InferenceSession, Tensor } from "onnxruntime-node";
import { type LoadedGraph, type LoadOptions, LOG_SEVERITY, SPIN_MICROSECONDS } from "./backend.ts";
import { declare } from "./declare.ts";
import { loadOnnxRuntime } from "./onnxruntime.ts";
import type { Declared } from "./shape_check.ts";
import type { HostTensor, Tensors } from "./tensor.ts";

function declaredOf(kind: "input" | "output") {
  return (value: InferenceSession.ValueMetadata): Declared =>
    declare(kind, value.name, value.isTensor ? value : undefined);
}

/** A graph run by onnxruntime-node's own binding: on any device, copying what comes out. */
export class BindingGraph implements LoadedGraph {
  readonly backend = "binding";
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
  readonly #session: InferenceSession;
  readonly #makeTensor: (tensor: HostTensor) => Tensor;

  private constructor(session: InferenceSession, makeTensor: (tensor: HostTensor) => Tensor) {
    this.inputs = session.inputMetadata.map(declaredOf("input"));
    this.outputs = session.outputMetadata.map(declaredOf("output"));
    this.#session = session;
    this.#makeTensor = makeTensor;
  }

  /** Makes a model ready to run on a device. */
  static async load(model: Uint8Array, { device, threads }: LoadOptions): Promise<BindingGraph> {
    const ort = await loadOnnxRuntime();
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [device],
      intraOpNumThreads: threads,
      logSeverityLevel: LOG_SEVERITY,
      extra: { session: { intra_op: { spin_duration_us: SPIN_MICROSECONDS } } },
    });
    const makeTensor = ({ type, data, shape }: HostTensor): Tensor =>
      // deno-lint-ignore no-explicit-any -- the overloads want each type by its literal
      new ort.Tensor(type as any, data as any, shape) as Tensor;
    try {
      return new BindingGraph(session, makeTensor);
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /** Runs the graph; the event loop stands still meanwhile. */
  async run(inputs: Tensors, into: Tensors): Promise<Record<string, HostTensor>> {
    const feeds: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(inputs)) feeds[name] = this.#makeTensor(tensor);
    const fetches: Record<string, Tensor | null> = {};
    for (const { name } of this.outputs) {
      fetches[name] = into[name] ? this.#makeTensor(into[name]) : null;
    }
    const results = await this.#session.run(feeds, fetches);
    const outputs: Record<string, HostTensor> = {};
    for (const [name, { type, data, dims }] of Object.entries(results)) {
      if (!into[name]) outputs[name] = { type, data, shape: dims } as HostTensor;
    }
    return outputs;
  }

  /** Frees the session. */
  release(): Promise<void> {
    return this.#session.release();
  }
}
