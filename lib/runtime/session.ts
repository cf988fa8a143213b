/**
 * Sessions: graphs made ready to run.
 *
 * @module
 */

import type { InferenceSession, Tensor } from "onnxruntime-node";
import { UserError } from "../flow/user_error.ts";
import type { Device } from "./device.ts";
import { loadOnnxRuntime } from "./onnxruntime.ts";
import { ShapeCheck } from "./shape_check.ts";
import type { HostTensor } from "./tensor.ts";

/** How a session runs. */
export interface SessionOptions {
  /** What it runs on. @default {"cpu"} */
  device?: Device;
  /** Threads of one operator; 0 leaves it to the runtime (one a core). @default {0} */
  threads?: number;
  /** Named in errors. @default {"session"} */
  name?: string;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, HostTensor>>;

/**
 * A graph on a device.
 *
 * What the runtime would crash on or compute garbage from is refused here: inputs that are missing,
 * of another type or shape, or run after disposal. Only host tensors go in and out, so that no handle of a
 * device can be read twice or freed late.
 */
export class Session implements AsyncDisposable {
  /** Names the session in errors. */
  readonly name: string;
  readonly #session: InferenceSession;
  readonly #makeTensor: (tensor: HostTensor) => Tensor;
  #running = 0;
  #disposed = false;

  private constructor(
    name: string,
    session: InferenceSession,
    makeTensor: (tensor: HostTensor) => Tensor,
  ) {
    this.name = name;
    this.#session = session;
    this.#makeTensor = makeTensor;
  }

  /**
   * Makes a model ready to run.
   *
   * @throws {UserError} If the bytes are no model, or one that this runtime has no operators for.
   */
  static async open(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
    const { device = "cpu", threads = 0, name = "session" } = options;
    const ort = await loadOnnxRuntime();
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [device],
      intraOpNumThreads: threads,
      logSeverityLevel: 3,
      // Threads that spin while they wait take the cores from sampling, tokenising and neighbours.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    }).catch((cause) => {
      throw new UserError(`${name} cannot be opened: ${messageOf(cause)}`, { cause });
    });
    const makeTensor = ({ type, data, shape }: HostTensor): Tensor =>
      // deno-lint-ignore no-explicit-any -- the overloads want each type by its literal
      new ort.Tensor(type as any, data as any, shape) as Tensor;
    return new Session(name, session, makeTensor);
  }

  /**
   * Runs the graph and gives its outputs.
   *
   * @param into Tensors that outputs are written to; they may be inputs of the same run where the
   * graph reads them in the last operation only. Outputs named here are not returned.
   * @throws {TypeError} If tensors are missing, unknown, or of another type or shape.
   */
  async run(inputs: Tensors, into: Tensors = {}): Promise<Record<string, HostTensor>> {
    if (this.#disposed) throw new TypeError(`${this.name} was disposed and cannot run`);
    this.#check(inputs, into);
    const feeds: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(inputs)) feeds[name] = this.#makeTensor(tensor);
    const fetches: Record<string, Tensor | null> = {};
    for (const name of this.#session.outputNames) {
      fetches[name] = into[name] ? this.#makeTensor(into[name]) : null;
    }
    this.#running++;
    try {
      const results = await this.#session.run(feeds, fetches);
      const outputs: Record<string, HostTensor> = {};
      for (const [name, { type, data, dims }] of Object.entries(results)) {
        if (!into[name]) outputs[name] = { type, data, shape: dims } as HostTensor;
      }
      return outputs;
    } finally {
      this.#running--;
    }
  }

  #check(inputs: Tensors, into: Tensors): void {
    const { inputMetadata, outputMetadata } = this.#session;
    const check = new ShapeCheck(this.name);
    for (const declared of inputMetadata) {
      const tensor = inputs[declared.name];
      if (!tensor) throw new TypeError(`${this.name}: the input ${declared.name} is missing`);
      check.check(declared, tensor);
    }
    for (const declared of outputMetadata) {
      if (into[declared.name]) check.check(declared, into[declared.name]);
    }
    this.#refuseUnknown("input", inputMetadata, inputs);
    this.#refuseUnknown("output", outputMetadata, into);
  }

  #refuseUnknown(kind: string, declared: readonly { name: string }[], tensors: Tensors): void {
    const known = new Set(declared.map(({ name }) => name));
    for (const name of Object.keys(tensors)) {
      if (!known.has(name)) throw new TypeError(`${this.name}: there is no ${kind} ${name}`);
    }
  }

  /** Frees the session. It must not be running. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    if (this.#running > 0) throw new TypeError(`${this.name} is running and cannot be disposed`);
    this.#disposed = true;
    await this.#session.release();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
