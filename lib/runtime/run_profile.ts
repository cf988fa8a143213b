/**
 * Where the time of a program goes: by session, as a table and as a trace.
 *
 * @module
 */

import { whileWriting } from "../flow/mod.ts";
import { type ObservedRun, observeRuns } from "./observe.ts";

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
}

/** All that a profile says in the end. */
export interface ProfileTotals {
  /** What took longest first. */
  sessions: SessionTotal[];
  /** Seconds in which at least one session ran: less than their sum where some ran side by side. */
  busy: number;
  /** Seconds in which none did. */
  outside: number;
  /** Seconds from the profile's start to its end. */
  seconds: number;
}

/** Milliseconds between two looks at the process' memory. */
const MEMORY_EVERY = 50;

/** Events that are kept before they are written. */
const EVENTS_AT_ONCE = 1000;

/** Time that is covered by intervals told in the order of their ends. */
class Cover {
  readonly #intervals: { start: number; end: number }[] = [];
  total = 0;

  add(start: number, end: number): void {
    const intervals = this.#intervals;
    while (intervals.length > 0 && intervals[intervals.length - 1].end >= start) {
      const last = intervals.pop()!;
      this.total -= last.end - last.start;
      start = Math.min(start, last.start);
    }
    intervals.push({ start, end });
    this.total += end - start;
  }
}

/**
 * Watches all sessions of the program and writes a trace for `chrome://tracing` or Perfetto.
 *
 * The trace has a span a run, on as many tracks as ran side by side, and the process' memory. Runs are
 * whole graphs: the runtime's own profile of operators keeps every event in memory and slows small
 * operators down, so that it is not taken.
 */
export class RunProfile implements AsyncDisposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #started = performance.now();
  readonly #watch: Disposable;
  readonly #sessions = new Map<string, SessionTotal>();
  readonly #cover = new Cover();
  readonly #tracks: number[] = [];
  #events: object[] = [];
  #written = 0;
  #lastMemory = -Infinity;
  #ended?: Promise<ProfileTotals>;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
    this.#watch = observeRuns((run) => this.#add(run));
  }

  /**
   * Begins to watch. The trace is beside its path, as `.part`, until it is whole.
   *
   * @throws {UserError} If the file cannot be written.
   */
  static async open(path: string): Promise<RunProfile> {
    const options = { write: true, create: true, truncate: true };
    const file = await whileWriting(path, Deno.open(`${path}.part`, options));
    return new RunProfile(path, file);
  }

  #add({ name, backend, start, end, bytesIn, bytesOut }: ObservedRun): void {
    const total = this.#sessions.get(name) ??
      { name, runs: 0, seconds: 0, bytesIn: 0, bytesOut: 0 };
    total.runs++;
    total.seconds += (end - start) / 1000;
    total.bytesIn += bytesIn;
    total.bytesOut += bytesOut;
    this.#sessions.set(name, total);
    this.#cover.add(Math.max(start, this.#started), end);

    const ts = Math.round((start - this.#started) * 1000);
    const dur = Math.round((end - start) * 1000);
    const args = { bytesIn, bytesOut, backend };
    const tid = this.#track(start, end);
    this.#events.push({ name, cat: "session", ph: "X", ts, dur, pid: 1, tid, args });
    if (end - this.#lastMemory > MEMORY_EVERY) this.#addMemory(end);
    if (this.#events.length >= EVENTS_AT_ONCE) this.#write();
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
    const ts = Math.round((now - this.#started) * 1000);
    const args = { MiB: Math.round(Deno.memoryUsage().rss / 2 ** 20) };
    this.#events.push({ name: "memory", ph: "C", ts, pid: 1, args });
  }

  #write(): void {
    const start = this.#written === 0 ? '{"displayTimeUnit":"ms","traceEvents":[\n' : "";
    const lines = this.#events.map((event, at) =>
      (this.#written + at === 0 ? "" : ",\n") + JSON.stringify(event)
    );
    this.#put(start + lines.join(""));
    this.#written += this.#events.length;
    this.#events = [];
  }

  #put(text: string): void {
    let left = new TextEncoder().encode(text);
    while (left.length > 0) left = left.subarray(this.#file.writeSync(left));
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
    const finish = async () => {
      try {
        this.#addMemory(now);
        this.#write();
        this.#put("\n]}\n");
      } finally {
        this.#file.close();
      }
      await Deno.rename(`${this.#path}.part`, this.#path);
    };
    await whileWriting(this.#path, finish());
    const seconds = (now - this.#started) / 1000;
    const busy = this.#cover.total / 1000;
    const sessions = [...this.#sessions.values()].toSorted((a, b) => b.seconds - a.seconds);
    return { sessions, busy, outside: seconds - busy, seconds };
  }

  /** Ends it, where nobody has. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
