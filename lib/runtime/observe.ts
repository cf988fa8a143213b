/**
 * Watching the runs of sessions.
 *
 * @module
 */

import type { BackendName } from "./backend.ts";
import type { OperatorTrace } from "./operator_trace.ts";
import type { Tensors } from "./tensor.ts";

/** One run of a session, as it was. */
export interface ObservedRun {
  /** The session's name. */
  readonly name: string;
  /** How the runtime was called. */
  readonly backend: BackendName;
  /** When it was asked for, in milliseconds of `performance.now()`. */
  readonly start: number;
  /** When it had ended; what writing its operators down took in the end is not in it. */
  readonly end: number;
  /** Bytes of all inputs. */
  readonly bytesIn: number;
  /** Bytes of all outputs. */
  readonly bytesOut: number;
  /** What was in it, where somebody asked and the backend can tell. */
  readonly operators?: RunOperators;
}

/** The operators of a run. */
export interface RunOperators {
  /** When the runtime was called, in milliseconds of `performance.now()`. */
  readonly start: number;
  /** When they were written down and read, which is after the run's end. */
  readonly read: number;
  /** The operators. */
  readonly trace: OperatorTrace;
}

/** What is told of every run that succeeds. */
export type RunObserver = (run: ObservedRun) => void;

/** Whether the next run of a session is to be looked into, by the session's name. */
export type LooksInto = (name: string) => boolean;

const observers = new Map<RunObserver, LooksInto>();

/** Whether anybody watches: where nobody does, nothing is measured. */
export function isObserved(): boolean {
  return observers.size > 0;
}

/** Whether anybody wants to know the operators of a session's next run. */
export function isLookedInto(name: string): boolean {
  return observers.values().some((looksInto) => looksInto(name));
}

/** Tells everybody who watches. */
export function tellRun(run: ObservedRun): void {
  for (const observer of observers.keys()) observer(run);
}

/** Bytes of tensors. */
export function bytesOf(tensors: Tensors): number {
  return Object.values(tensors).reduce((sum, { data }) => sum + data.byteLength, 0);
}

/**
 * Watches the runs of all sessions of this program until disposed.
 *
 * @param looksInto Asked before each run whether its operators are wanted. @default {never}
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
export function observeRuns(
  observer: RunObserver,
  looksInto: LooksInto = () => false,
): Disposable {
  observers.set(observer, looksInto);
  return { [Symbol.dispose]: () => void observers.delete(observer) };
}
