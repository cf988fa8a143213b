import { whileWriting } from "../flow/mod.ts";

/** An event of a trace, as `chrome://tracing` and Perfetto read it; times are in microseconds. */
export interface TraceEvent {
  name: string;
  /** Kind of event; counters have none. */
  cat?: string;
  /** `X` is a span, `C` a counter. */
  ph: "X" | "C";
  ts: number;
  /** How long a span is. */
  dur?: number;
  /** The track that a span is on; what is within another span there is its child. */
  tid?: number;
  args: Readonly<Record<string, string | number>>;
}

/** Events that are kept before they are written. */
const EVENTS_AT_ONCE = 1000;

/** A trace that grows; it is beside its path, as `.part`, until it is whole. */
export class ChromeTrace {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #events: TraceEvent[] = [];
  #written = 0;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /** @throws {UserError} If the file cannot be written. */
  static async open(path: string): Promise<ChromeTrace> {
    const options = { write: true, create: true, truncate: true };
    const file = await whileWriting(path, Deno.open(`${path}.part`, options));
    return new ChromeTrace(path, file);
  }

  /** Adds an event. */
  add(event: TraceEvent): void {
    this.#events.push(event);
    if (this.#events.length >= EVENTS_AT_ONCE) this.#write();
  }

  #write(): void {
    const start = this.#written === 0 ? '{"displayTimeUnit":"ms","traceEvents":[\n' : "";
    const lines = this.#events.map((event, at) =>
      (this.#written + at === 0 ? "" : ",\n") + JSON.stringify({ ...event, pid: 1 })
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
   * Finishes the file.
   *
   * @throws {UserError} If it cannot be written.
   */
  async end(): Promise<void> {
    const finish = async () => {
      try {
        this.#write();
        this.#put("\n]}\n");
      } finally {
        this.#file.close();
      }
      await Deno.rename(`${this.#path}.part`, this.#path);
    };
    await whileWriting(this.#path, finish());
  }
}
