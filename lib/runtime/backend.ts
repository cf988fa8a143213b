/**
 * What runs a graph, whichever way the runtime's library is called.
 *
 * @module
 */

import type { Device } from "./device.ts";
import type { RunProbe } from "./run_probe.ts";
import type { Declared, ShapeCheck } from "./shape_check.ts";
import type { HostTensor, MakeTensor, Tensors } from "./tensor.ts";

/**
 * How onnxruntime is called: `ffi` straight through its C functions, which writes outputs where they
 * are wanted and leaves the event loop free, or `binding` through the package's own Node.js addon, which
 * copies every output and knows devices beside the CPU.
 */
export type BackendName = "ffi" | "binding";

/** What else a run is asked for. */
export interface RunExtras {
  /** Makes the larger outputs that are returned, where the backend does not copy them. */
  readonly make: MakeTensor;
  /** Looks into the run, where the backend has a way to. */
  readonly probe?: RunProbe;
}

/** A graph that one of the backends made ready. */
export interface LoadedGraph {
  readonly backend: BackendName;
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
  /**
   * Runs the graph.
   *
   * @param inputs Every input, checked.
   * @param into Where outputs go, checked; the others are returned.
   * @param lengths What the checks of this run learned of symbolic lengths.
   */
  run(
    inputs: Tensors,
    into: Tensors,
    lengths: ShapeCheck,
    extras: RunExtras,
  ): Promise<Record<string, HostTensor>>;
  /** Frees the graph; nothing runs any more. */
  release(): Promise<void>;
}

/** How a graph is made ready. */
export interface LoadOptions {
  device: Device;
  threads: number;
}

/** Fatal only: whatever the runtime logs as an error it gives back as well. */
export const LOG_SEVERITY = 4;

/**
 * How long a thread without work looks for some before it sleeps, in microseconds: as long as there
 * is none between most operators. To sleep and be woken takes longer, and one that looks for the
 * runtime's own many milliseconds takes the cores from sampling, tokenising and neighbours.
 */
export const SPIN_MICROSECONDS = "50";
