/**
 * Sessions: graphs made ready to run.
 *
 * @module
 */

import { UserError } from "../flow/user_error.ts";
import type { BackendName, LoadedGraph } from "./backend.ts";
import type { Device } from "./device.ts";
import { loadGraph } from "./load_graph.ts";
import { bytesOf, isLookedInto, isObserved, tellRun } from "./observe.ts";
import { RunProbe } from "./run_probe.ts";
import { ShapeCheck } from "./shape_check.ts";
import { emptyTensor, type HostTensor, type MakeTensor, type Tensors } from "./tensor.ts";

/** How a session runs. */
export interface SessionOptions {
  /** What it runs on. @default {"cpu"} */
  device?: Device;
  /** Threads of one operator; 0 leaves it to the runtime (one a core). @default {0} */
  threads?: number;
  /** Named in errors. @default {"session"} */
  name?: string;
  /**
   * How the runtime is called. By default `ffi` on the CPU where its library can be opened, else
   * `binding`; the environment variable `LONGPO_BACKEND` changes the default where it may be read.
   */
  backend?: BackendName;
}

/**
 * A graph on a device.
 *
 * What the runtime would crash on or compute garbage from is refused here: inputs that are missing,
 * of another type or shape, or run after disposal. Only host tensors go in and out, so that no handle of a
 * device can be read twice or freed late. The arrays of a run belong to it until it ends: they may be read,
 * but neither written nor transferred.
 */
export class Session implements AsyncDisposable {
  /** Names the session in errors. */
  readonly name: string;
  readonly #graph: LoadedGraph;
  readonly #inputNames: ReadonlySet<string>;
  readonly #outputNames: ReadonlySet<string>;
  #running = 0;
  #disposed = false;

  private constructor(name: string, graph: LoadedGraph) {
    this.name = name;
    this.#graph = graph;
    this.#inputNames = new Set(graph.inputs.map(({ name }) => name));
    this.#outputNames = new Set(graph.outputs.map(({ name }) => name));
  }

  /**
   * Makes a model ready to run.
   *
   * @throws {UserError} If the bytes are no model, or one that this runtime has no operators for, or
   * if the backend or the number of threads that was asked for cannot be used.
   */
  static async open(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
    const { device = "cpu", threads = 0, name = "session", backend } = options;
    if (!Number.isInteger(threads) || threads < 0 || threads > MOST_THREADS) {
      throw new UserError(`${name} cannot be opened: ${threads} is no number of threads`, {
        hint: `use 0 for one a core, or a whole number to ${MOST_THREADS}`,
      });
    }
    const graph = await loadGraph(model, { device, threads, backend }).catch((cause) => {
      if (cause instanceof UserError) throw cause;
      throw new UserError(`${name} cannot be opened: ${messageOf(cause)}`, { cause });
    });
    return new Session(name, graph);
  }

  /** How the runtime is called. */
  get backend(): BackendName {
    return this.#graph.backend;
  }

  /**
   * Runs the graph and gives its outputs.
   *
   * @param into Tensors that outputs are written to; they may be inputs of the same run where the
   * graph reads them in the last operation only. Outputs named here are not returned.
   * @param make Makes room for outputs that are returned. Small ones do without, and so do those
   * that the backend copies in any case. @default {new arrays}
   * @throws {TypeError} If tensors are missing, unknown, or of another type or shape.
   */
  async run(
    inputs: Tensors,
    into: Tensors = {},
    make: MakeTensor = emptyTensor,
  ): Promise<Record<string, HostTensor>> {
    if (this.#disposed) throw new TypeError(`${this.name} was disposed and cannot run`);
    const lengths = this.#check(inputs, into);
    this.#running++;
    try {
      if (!isObserved()) return await this.#graph.run(inputs, into, lengths, { make });
      return await this.#observe(inputs, into, lengths, make);
    } finally {
      this.#running--;
    }
  }

  async #observe(inputs: Tensors, into: Tensors, lengths: ShapeCheck, make: MakeTensor) {
    const { name, backend } = this;
    using probe = isLookedInto(name) ? new RunProbe() : undefined;
    const start = performance.now();
    const outputs = await this.#graph.run(inputs, into, lengths, { make, probe });
    const operators = probe?.read();
    const end = operators ? operators.start + operators.trace.took / 1000 : performance.now();
    const bytesOut = bytesOf(outputs) + bytesOf(into);
    tellRun({ name, backend, start, end, bytesIn: bytesOf(inputs), bytesOut, operators });
    return outputs;
  }

  #check(inputs: Tensors, into: Tensors): ShapeCheck {
    const check = new ShapeCheck(this.name);
    for (const declared of this.#graph.inputs) {
      const tensor = inputs[declared.name];
      if (!tensor) throw new TypeError(`${this.name}: the input ${declared.name} is missing`);
      check.check(declared, tensor);
    }
    for (const declared of this.#graph.outputs) {
      if (into[declared.name]) check.check(declared, into[declared.name]);
    }
    this.#refuseUnknown("input", this.#inputNames, inputs);
    this.#refuseUnknown("output", this.#outputNames, into);
    return check;
  }

  #refuseUnknown(kind: string, known: ReadonlySet<string>, tensors: Tensors): void {
    for (const name of Object.keys(tensors)) {
      if (!known.has(name)) throw new TypeError(`${this.name}: there is no ${kind} ${name}`);
    }
  }

  /** Frees the session. It must not be running. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    if (this.#running > 0) throw new TypeError(`${this.name} is running and cannot be disposed`);
    this.#disposed = true;
    await this.#graph.release();
  }
}

/** More than machines have cores; starting as many as an integer holds would end the process. */
const MOST_THREADS = 1024;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
