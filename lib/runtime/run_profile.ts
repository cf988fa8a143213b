/**
 * Where the time of a program goes: by session and operator, as a table and as a trace.
 *
 * @module
 */

import { ChromeTrace } from "./chrome_trace.ts";
import { type ObservedRun, observeRuns } from "./observe.ts";
import { type OperatorTotal, OperatorTotals } from "./operator_totals.ts";

/** What a profile looks at. */
export interface RunProfileOptions {
  /**
   * Runs of each session, from its first on, that are looked into: the runtime then writes down every operator's
   * call, some 5 microseconds each, which small operators do not take themselves. Only the backend
   * `ffi` can. @default {0}
   */
  operators?: number;
}

/** What the runs of one session took together. */
export interface SessionTotal {
  /** The session's name: a segment and what is done with it. */
  name: string;
  /** How often it ran. */
  runs: number;
  /** Seconds of all its runs. */
  seconds: number;
  /** Bytes that went in. */
  bytesIn: number;
  /** Bytes that came out. */
  bytesOut: number;
  /** Runs that were looked into. */
  lookedInto: number;
  /** Seconds of those, within the runtime. */
  secondsLookedInto: number;
}

/** All that a profile says in the end. */
export interface ProfileTotals {
  /** What took longest first. */
  sessions: SessionTotal[];
  /** What took longest first, of the runs that were looked into. */
  operators: OperatorTotal[];
  /** Seconds in which at least one session ran: less than their sum where some ran side by side. */
  busy: number;
  /** Seconds in which none did, but operators of runs were written down and read. */
  looking: number;
  /** Seconds in which neither was done. */
  outside: number;
  /** Seconds from the profile's start to its end. */
  seconds: number;
}

/** Milliseconds between two looks at the process' memory. */
const MEMORY_EVERY = 50;

/** Time that is covered by intervals told in the order of their ends, or nearly so. */
class Cover {
  readonly #intervals: { start: number; end: number }[] = [];
  total = 0;

  add(start: number, end: number): void {
    const intervals = this.#intervals;
    while (intervals.length > 0 && intervals[intervals.length - 1].end >= start) {
      const last = intervals.pop()!;
      this.total -= last.end - last.start;
      start = Math.min(start, last.start);
      end = Math.max(end, last.end);
    }
    intervals.push({ start, end });
    this.total += end - start;
  }
}

/**
 * Watches all sessions of the program and writes a trace for `chrome://tracing` or Perfetto.
 *
 * The trace has a span a run, on as many tracks as ran side by side, the process' memory, and within
 * runs that were looked into a span a call of an operator.
 */
export class RunProfile implements AsyncDisposable {
  readonly #trace: ChromeTrace;
  readonly #started = performance.now();
  readonly #watch: Disposable;
  readonly #sessions = new Map<string, SessionTotal>();
  readonly #operators = new OperatorTotals();
  readonly #busy = new Cover();
  readonly #busyOrLooking = new Cover();
  readonly #tracks: number[] = [];
  #lastMemory = -Infinity;
  #ended?: Promise<ProfileTotals>;

  private constructor(trace: ChromeTrace, { operators = 0 }: RunProfileOptions) {
    this.#trace = trace;
    const looksInto = (name: string) => (this.#sessions.get(name)?.lookedInto ?? 0) < operators;
    this.#watch = observeRuns((run) => this.#add(run), looksInto);
  }

  /**
   * Begins to watch. The trace is beside its path, as `.part`, until it is whole.
   *
   * @throws {UserError} If the file cannot be written.
   */
  static async open(path: string, options: RunProfileOptions = {}): Promise<RunProfile> {
    return new RunProfile(await ChromeTrace.open(path), options);
  }

  #add(run: ObservedRun): void {
    const { name, backend, start, end, bytesIn, bytesOut } = run;
    const total = this.#sessions.get(name) ?? emptyTotal(name);
    total.runs++;
    total.seconds += (end - start) / 1000;
    total.bytesIn += bytesIn;
    total.bytesOut += bytesOut;
    this.#sessions.set(name, total);
    const counted = Math.max(start, this.#started);
    this.#busy.add(counted, end);
    this.#busyOrLooking.add(counted, run.operators?.read ?? end);

    const ts = this.#at(start);
    const dur = Math.round((end - start) * 1000);
    const args = { bytesIn, bytesOut, backend };
    const tid = this.#track(start, end);
    this.#trace.add({ name, cat: "session", ph: "X", ts, dur, tid, args });
    this.#addOperators(total, run, tid);
    if (end - this.#lastMemory > MEMORY_EVERY) this.#addMemory(end);
  }

  #addOperators(total: SessionTotal, { operators }: ObservedRun, tid: number): void {
    if (!operators) return;
    const { start, trace } = operators;
    total.lookedInto++;
    total.secondsLookedInto += trace.took / 1e6;
    this.#operators.add(total.name, trace);
    for (const { operator: name, node, start: after, took: dur, inputs, outputs } of trace.calls) {
      const ts = this.#at(start) + after;
      this.#trace.add({
        name,
        cat: "operator",
        ph: "X",
        ts,
        dur,
        tid,
        args: { node, inputs, outputs },
      });
    }
  }

  /** A moment in microseconds of the trace. */
  #at(moment: number): number {
    return Math.round((moment - this.#started) * 1000);
  }

  /** The first track that is free since `start`. */
  #track(start: number, end: number): number {
    const free = this.#tracks.findIndex((until) => until <= start);
    const track = free < 0 ? this.#tracks.length : free;
    this.#tracks[track] = end;
    return track;
  }

  #addMemory(now: number): void {
    this.#lastMemory = now;
    const args = { MiB: Math.round(Deno.memoryUsage().rss / 2 ** 20) };
    this.#trace.add({ name: "memory", ph: "C", ts: this.#at(now), args });
  }

  /**
   * Stops watching and finishes the trace.
   *
   * @throws {UserError} If the trace cannot be written.
   */
  end(): Promise<ProfileTotals> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<ProfileTotals> {
    this.#watch[Symbol.dispose]();
    const now = performance.now();
    this.#addMemory(now);
    await this.#trace.end();
    const seconds = (now - this.#started) / 1000;
    const busy = this.#busy.total / 1000;
    const busyOrLooking = this.#busyOrLooking.total / 1000;
    return {
      sessions: [...this.#sessions.values()].toSorted((a, b) => b.seconds - a.seconds),
      operators: this.#operators.get(),
      busy,
      looking: busyOrLooking - busy,
      outside: seconds - busyOrLooking,
      seconds,
    };
  }

  /** Ends it, where nobody has. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

function emptyTotal(name: string): SessionTotal {
  const none = { runs: 0, seconds: 0, bytesIn: 0, bytesOut: 0 };
  return { name, ...none, lookedInto: 0, secondsLookedInto: 0 };
}
