import {
  type LoadedGraph,
  type LoadOptions,
  LOG_SEVERITY,
  type RunExtras,
  SPIN_MICROSECONDS,
} from "../backend.ts";
import type { Declared, ShapeCheck } from "../shape_check.ts";
import type { HostTensor, Tensors } from "../tensor.ts";
import { aside, MAY_GO_ASIDE } from "./aside.ts";
import { cString, type Handle, made } from "./c_api.ts";
import { readGraphValues } from "./graph_values.ts";
import { Inputs } from "./inputs.ts";
import type { Library } from "./library.ts";
import { Outputs, type OutputTable } from "./outputs.ts";
import { Pace } from "./pace.ts";
import { RunOptions } from "./run_options.ts";
import { enter, leave, Trip } from "./traffic.ts";

/** What sessions are told. */
const SETTINGS = {
  "session.intra_op.spin_duration_us": SPIN_MICROSECONDS,
  "session.use_env_allocators": "1",
};

/** A graph run through the library's C functions, on the CPU. */
export class NativeGraph implements LoadedGraph {
  readonly backend = "ffi";
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
  readonly #library: Library;
  readonly #session: Handle;
  readonly #in: Inputs;
  readonly #out: Outputs;
  readonly #pace = new Pace();

  private constructor(library: Library, session: Handle) {
    const { inputs, outputs } = readGraphValues(library, session);
    this.inputs = inputs;
    this.outputs = outputs;
    this.#library = library;
    this.#session = session;
    this.#in = new Inputs(inputs, library.values);
    this.#out = new Outputs(outputs, library);
  }

  /** Makes a model ready to run. */
  static async load(
    library: Library,
    model: Uint8Array,
    { threads }: Pick<LoadOptions, "threads">,
  ): Promise<NativeGraph> {
    const { api } = library;
    const options = made((out) => api.CreateSessionOptions(out));
    let session: Handle;
    try {
      api.SetSessionLogSeverityLevel(options, LOG_SEVERITY);
      api.SetIntraOpNumThreads(options, threads);
      for (const [key, value] of Object.entries(SETTINGS)) {
        api.AddSessionConfigEntry(options, cString(key), cString(value));
      }
      // Rows are ever other lengths, and all that a pattern would keep together is there at once then.
      api.DisableMemPattern(options);
      session = await createSession(library, model, options);
    } finally {
      api.ReleaseSessionOptions(options);
    }
    try {
      return new NativeGraph(library, session);
    } catch (error) {
      api.ReleaseSession(session);
      throw error;
    }
  }

  /** Runs the graph, after earlier runs that it would collide with. */
  async run(
    inputs: Tensors,
    into: Tensors,
    lengths: ShapeCheck,
    { make, probe }: RunExtras,
  ): Promise<Record<string, HostTensor>> {
    const trip = new Trip(this.#session, inputs, into);
    const ahead = enter(trip);
    if (ahead) await ahead;
    const temporary: Handle[] = [];
    try {
      using options = new RunOptions(this.#library.api, probe);
      this.#in.prepare(inputs, temporary);
      const takes = this.#out.prepare(trip.outputs, make, lengths, temporary);
      const inPlace = () => this.#runInPlace(options);
      await this.#pace.run(lengths.size, inPlace, () => this.#runAside(trip, options));
      return this.#out.collect(takes, into);
    } finally {
      for (const value of temporary) this.#library.values.release(value);
      leave(trip);
    }
  }

  #runInPlace(options: RunOptions): void {
    options.begin();
    this.#library.api.Run(...this.#call(options, this.#out.table));
  }

  async #runAside(trip: Trip, options: RunOptions): Promise<void> {
    const { api } = this.#library;
    const table = this.#out.markedTable;
    const call = this.#call(options, table);
    options.begin();
    await aside(table.values, [trip, call], () => api.aside.Run(...call));
    api.ReleaseValue(table.values[0]);
  }

  #call({ handle }: RunOptions, to: OutputTable) {
    const { names, values } = this.#in;
    return [
      this.#session,
      handle,
      names.pointers,
      values,
      values.length,
      to.names,
      to.values.length,
      to.values,
    ] as const;
  }

  /** Frees the session. */
  release(): Promise<void> {
    this.#in.release();
    this.#out.release();
    this.#library.api.ReleaseSession(this.#session);
    return Promise.resolve();
  }
}

async function createSession(
  { api, environment }: Library,
  model: Uint8Array,
  options: Handle,
): Promise<Handle> {
  const session = new BigUint64Array(1);
  const bytes = model as Uint8Array<ArrayBuffer>;
  const call = [environment, bytes, bytes.byteLength, options, session] as const;
  if (!MAY_GO_ASIDE) api.CreateSessionFromArray(...call);
  else await aside(session, call, () => api.aside.CreateSessionFromArray(...call));
  return session[0];
}
