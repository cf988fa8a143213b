/**
 * Watching the runs of sessions.
 *
 * @module
 */

import type { BackendName } from "./backend.ts";
import type { Tensors } from "./tensor.ts";

/** One run of a session, as it was. */
export interface ObservedRun {
  /** The session's name. */
  readonly name: string;
  /** How the runtime was called. */
  readonly backend: BackendName;
  /** When it was asked for, in milliseconds of `performance.now()`. */
  readonly start: number;
  /** When it had ended. */
  readonly end: number;
  /** Bytes of all inputs. */
  readonly bytesIn: number;
  /** Bytes of all outputs. */
  readonly bytesOut: number;
}

/** What is told of every run that succeeds. */
export type RunObserver = (run: ObservedRun) => void;

const observers = new Set<RunObserver>();

/** Whether anybody watches: where nobody does, nothing is measured. */
export function isObserved(): boolean {
  return observers.size > 0;
}

/** Tells everybody who watches. */
export function tellRun(run: ObservedRun): void {
  for (const observer of observers) observer(run);
}

/** Bytes of tensors. */
export function bytesOf(tensors: Tensors): number {
  return Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
}

/**
 * Watches the runs of all sessions of this program until disposed.
 *
 * @example Count runs
 * ```ts
 * import { observeRuns } from "@longpo/longpo/runtime";
 *
 * let runs = 0;
 * {
 *   using _watch = observeRuns(() => runs++);
 *   // ... train ...
 * }
 * console.log(runs);
 * ```
 */
export function observeRuns(observer: RunObserver): Disposable {
  observers.add(observer);
  return { [Symbol.dispose]: () => void observers.delete(observer) };
}
