import { createContext, type StageContext } from "@longpo/longpo/flow";

/** A record with an id. */
export interface Row {
  id: string;
  n: number;
}

/** A source that tells how many rows were pulled and whether it was closed. */
export interface Watched {
  pulled: number;
  closed: boolean;
  rows: AsyncGenerator<Row>;
}

/** Counts rows from 0. */
export function watched(count = Infinity): Watched {
  const state: Watched = { pulled: 0, closed: false, rows: rows() };
  async function* rows(): AsyncGenerator<Row> {
    try {
      for (let n = 0; n < count; n++) {
        state.pulled++;
        yield { id: `row-${n}`, n };
      }
    } finally {
      state.closed = true;
    }
  }
  return state;
}

/** A source that gives some rows and then nothing more, and ends only when it is closed. */
export function stuckAfter(count: number): AsyncIterable<Row> {
  let n = 0;
  return {
    [Symbol.asyncIterator]: () => ({
      next: () =>
        n < count
          ? Promise.resolve({ done: false, value: { id: `row-${n}`, n: n++ } })
          : new Promise<IteratorResult<Row>>(() => {}),
    }),
  };
}

/** Lets everything that can go on go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

/** A context that keeps what stages say. */
export function watchedContext(signal?: AbortSignal): StageContext & {
  drops: { reason: string; record: unknown }[];
  counters: Record<string, number>;
  warnings: string[];
} {
  const drops: { reason: string; record: unknown }[] = [];
  const counters: Record<string, number> = {};
  const warnings: string[] = [];
  const context = createContext({
    signal,
    log: { info() {}, warn: (message) => void warnings.push(message) },
    meter: {
      drop: (reason, record) => void drops.push({ reason, record }),
      count: (name, by = 1) => void (counters[name] = (counters[name] ?? 0) + by),
    },
  });
  return { ...context, drops, counters, warnings };
}

/** An array as a stream. */
export async function* streamOf<T>(...rows: T[]): AsyncGenerator<T> {
  yield* rows;
}

/** Work that takes some turns of the event loop, the later rows fewer. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
