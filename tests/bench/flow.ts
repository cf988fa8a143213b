/**
 * Concurrent maps side by side: how far each works ahead, what it closes, what its errors say, and
 * how many rows a second pass through it.
 *
 *     deno run -A tests/bench/flow.ts
 */

// deno-lint-ignore no-import-prefix
import { Effect, Stream } from "npm:effect@4.1.0";
// deno-lint-ignore no-import-prefix
import { pMapIterable } from "npm:p-map@7.1.1";
// deno-lint-ignore no-import-prefix
import { parallelMap, transform } from "npm:streaming-iterables@8.0.1";
import { createContext, map, pipeline } from "@longpo/longpo/flow";

interface Row {
  id: string;
  n: number;
}

type Work = (row: Row) => Promise<Row>;

/** A library's concurrent map, and how its users stop it from outside. */
interface Contender {
  name: string;
  ordered: boolean;
  rows(source: AsyncIterable<Row>, work: Work, concurrency: number): AsyncIterable<Row>;
  /** Consumes all rows until the signal is aborted; left out where the library has no way to. */
  consume?(source: AsyncIterable<Row>, work: Work, signal: AbortSignal): Promise<unknown>;
  /** Rows in a timed run: fewer for a slow one, so that the whole takes seconds. */
  timedRows: number;
}

const LOOK_AHEAD = 4;
const CONCURRENCY = 8;
const RUNS = 9;

const contenders: Contender[] = [
  ours(true),
  ours(false),
  {
    name: "p-map pMapIterable",
    ordered: true,
    rows: (source, work, concurrency) => pMapIterable(source, work, { concurrency }),
    timedRows: 200_000,
  },
  {
    name: "p-map pMapIterable, any order",
    ordered: false,
    rows: (source, work, concurrency) =>
      pMapIterable(source, work, { concurrency, preserveOrder: false }),
    timedRows: 200_000,
  },
  {
    name: "streaming-iterables parallelMap",
    ordered: true,
    rows: (source, work, concurrency) => parallelMap(concurrency, work, source),
    timedRows: 200_000,
  },
  {
    name: "streaming-iterables transform",
    ordered: false,
    rows: (source, work, concurrency) => transform(concurrency, work, source),
    timedRows: 200_000,
  },
  effect(true),
  effect(false),
];

function ours(ordered: boolean): Contender {
  return {
    name: `longpo map${ordered ? "" : ", any order"}`,
    ordered,
    rows: (source, work, concurrency) =>
      map(work, { concurrency, ordered })(source, createContext()),
    consume: (source, work, signal) =>
      Array.fromAsync(
        map(work, { concurrency: LOOK_AHEAD, ordered })(source, createContext({ signal })),
      ),
    timedRows: 200_000,
  };
}

function effect(ordered: boolean): Contender {
  const stream = (source: AsyncIterable<Row>, work: Work, concurrency: number) =>
    Stream.fromAsyncIterable(source, (error) => error).pipe(
      Stream.mapEffect(
        (row) => Effect.tryPromise({ try: () => work(row), catch: (error) => error }),
        { concurrency, unordered: !ordered },
      ),
    );
  return {
    name: `effect mapEffect${ordered ? "" : ", any order"}`,
    ordered,
    rows: (source, work, concurrency) => Stream.toAsyncIterable(stream(source, work, concurrency)),
    consume: (source, work, signal) =>
      Effect.runPromise(Stream.runDrain(stream(source, work, LOOK_AHEAD)), { signal }),
    timedRows: 20_000,
  };
}

/** A source that tells how many rows were pulled, and whether it was closed. */
function watched(): { pulled: number; closed: boolean; rows: AsyncGenerator<Row> } {
  const state = { pulled: 0, closed: false, rows: rows() };
  async function* rows(): AsyncGenerator<Row> {
    try {
      for (let n = 0; n < 5_000; n++) {
        state.pulled++;
        yield { id: `row-${n}`, n };
      }
    } finally {
      state.closed = true;
    }
  }
  return state;
}

const idle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const noop: Work = async (row) => await row;

async function pulledWhileIdle({ rows }: Contender): Promise<number> {
  const source = watched();
  let pulled = 0;
  for await (const _ of rows(source.rows, noop, LOOK_AHEAD)) {
    await idle(400);
    pulled = source.pulled;
    break;
  }
  return pulled;
}

async function closedOnBreak({ rows }: Contender): Promise<boolean> {
  const source = watched();
  for await (const _ of rows(source.rows, noop, LOOK_AHEAD)) break;
  await idle(50);
  return source.closed;
}

async function explode(row: Row): Promise<Row> {
  await Promise.resolve();
  if (row.n === 20) throw new Error("boom");
  return row;
}

async function onThrow({ rows }: Contender): Promise<{ closed: boolean; named: boolean }> {
  const source = watched();
  let said = "";
  try {
    for await (const _ of rows(source.rows, explode, LOOK_AHEAD));
  } catch (error) {
    said = String(error);
  }
  await idle(50);
  return { closed: source.closed, named: said.includes("explode") && said.includes("row-20") };
}

async function closedOnAbort({ consume }: Contender): Promise<boolean | undefined> {
  if (consume === undefined) return undefined;
  const source = watched();
  const controller = new AbortController();
  const pending: Work = (row) => row.n < 3 ? Promise.resolve(row) : new Promise(() => {});
  const consuming = consume(source.rows, pending, controller.signal).then(() => false, () => true);
  await idle(50);
  controller.abort();
  const ended = await Promise.race([consuming, idle(200).then(() => false)]);
  return ended && source.closed;
}

async function keepsOrder({ rows }: Contender): Promise<boolean> {
  const shuffling: Work = async (row) => {
    await idle(row.n % 3);
    return row;
  };
  let last = -1;
  let kept = true;
  for await (const row of rows(watched().rows, shuffling, LOOK_AHEAD)) {
    kept &&= row.n === ++last;
    if (last === 60 || !kept) break;
  }
  return kept;
}

async function rowsPerSecond({ rows, timedRows }: Contender): Promise<number> {
  async function* plain(): AsyncGenerator<Row> {
    const row = { id: "row", n: 0 };
    for (let n = 0; n < timedRows; n++) yield row;
  }
  const start = performance.now();
  let seen = 0;
  for await (const _ of rows(plain(), noop, CONCURRENCY)) seen++;
  if (seen !== timedRows) throw new Error(`${seen} of ${timedRows} rows came through`);
  return 1000 * timedRows / (performance.now() - start);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

// streaming-iterables leaves rejected promises behind when a row fails.
addEventListener("unhandledrejection", (event) => event.preventDefault());

const speeds = new Map(contenders.map(({ name }) => [name, [] as number[]]));
for (let run = 0; run < RUNS; run++) {
  for (const contender of contenders) {
    speeds.get(contender.name)!.push(await rowsPerSecond(contender));
  }
}

const yesNo = (answer: boolean | undefined): string =>
  answer === undefined ? "cannot" : answer ? "yes" : "no";
const table: string[][] = [[
  "library",
  `pulled, idle (${LOOK_AHEAD})`,
  "closed: break",
  "throw",
  "abort",
  "order kept",
  "error names stage, record",
  `rows/s (${CONCURRENCY})`,
]];
for (const contender of contenders) {
  const thrown = await onThrow(contender);
  table.push([
    contender.name,
    String(await pulledWhileIdle(contender)),
    yesNo(await closedOnBreak(contender)),
    yesNo(thrown.closed),
    yesNo(await closedOnAbort(contender)),
    contender.ordered ? yesNo(await keepsOrder(contender)) : "not asked",
    yesNo(thrown.named),
    `${(median(speeds.get(contender.name)!) / 1000).toFixed(0)} k`,
  ]);
}

const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
for (const row of table) {
  console.log(row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd());
}

const [own, peers] = [true, false].map((isOwn) =>
  contenders.filter(({ name }) => name.startsWith("longpo") === isOwn)
);
const best = (some: Contender[]): Contender =>
  some.reduce((a, b) => median(speeds.get(a.name)!) >= median(speeds.get(b.name)!) ? a : b);
const fastest = best(peers);
for (const { name } of own) {
  const ratio = median(speeds.get(name)!) / median(speeds.get(fastest.name)!);
  console.log(`${name} / ${fastest.name}: ${ratio.toFixed(2)}`);
}

/** The same map inside a pipeline, which counts rows and takes the time between all stages. */
const metered: Contender = {
  name: "longpo pipeline of one map",
  ordered: true,
  rows: (source, work, concurrency) =>
    pipeline({ name: "metered", source, stages: map(work, { concurrency }) }),
  timedRows: 200_000,
};
const meteredSpeeds: number[] = [];
for (let run = 0; run < RUNS; run++) meteredSpeeds.push(await rowsPerSecond(metered));
console.log(`${metered.name}: ${(median(meteredSpeeds) / 1000).toFixed(0)} k rows/s`);
