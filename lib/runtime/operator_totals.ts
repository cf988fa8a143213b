import type { OperatorTrace } from "./operator_trace.ts";

/** What the calls of one type of operator took in those runs of a session that were looked into. */
export interface OperatorTotal {
  /** The session's name. */
  session: string;
  /** Its type, after the types of those whose bodies it is in, such as `Loop/MatMul`. */
  operator: string;
  /** How often it was called. */
  calls: number;
  /** Seconds of all its calls, without those of operators in its body. */
  seconds: number;
  /** Bytes that came out of them. */
  bytesOut: number;
}

const MICROSECONDS = 1e6;

/** Sums up operators by session and type. */
export class OperatorTotals {
  readonly #totals = new Map<string, OperatorTotal>();

  /** Adds what happened in a run. */
  add(session: string, { calls }: OperatorTrace): void {
    for (const { operator, own, bytesOut } of calls) {
      const key = `${session} ${operator}`;
      const total = this.#totals.get(key) ??
        { session, operator, calls: 0, seconds: 0, bytesOut: 0 };
      total.calls++;
      total.seconds += own / MICROSECONDS;
      total.bytesOut += bytesOut;
      this.#totals.set(key, total);
    }
  }

  /** All sums, what took longest first. */
  get(): OperatorTotal[] {
    return [...this.#totals.values()].toSorted((a, b) => b.seconds - a.seconds);
  }
}
