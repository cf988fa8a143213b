import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  buffer,
  createContext,
  filter,
  flatMap,
  group,
  map,
  merge,
  pipe,
  retry,
  type Sink,
  type Stage,
  StageError,
  take,
  tap,
  tee,
} from "@longpo/longpo/flow";
import {
  delay,
  type Row,
  settle,
  streamOf,
  stuckAfter,
  watched,
  watchedContext,
} from "./helpers.ts";

/** Stages that pass rows on one by one, whatever else they do. */
const passing: Record<string, () => Stage<Row, unknown>> = {
  filter: () => filter(() => true, "never"),
  tap: () => tap(() => {}),
  take: () => take(100),
  buffer: () => buffer(3),
  group: () => group({ count: 1, ms: 10_000 }),
  flatMap: () => flatMap((row: Row) => [row]),
  "flatMap ordered": () =>
    flatMap(async function* (row: Row) {
      yield await Promise.resolve(row);
    }, { concurrency: 3 }),
  "flatMap unordered": () => flatMap((row: Row) => [row], { concurrency: 3, ordered: false }),
  tee: () =>
    tee(async (source) => {
      for await (const _ of source);
    }),
  merge: () => (source, context) => merge(source)(context),
  pipe: () => pipe(filter(() => true, "never"), map((row: Row) => row, { concurrency: 3 })),
};

for (const [name, make] of Object.entries(passing)) {
  Deno.test(`${name} closes its source when the consumer breaks`, async () => {
    const source = watched();
    for await (const _ of make()(source.rows, createContext())) break;
    await settle();
    assert(source.closed);
  });

  Deno.test(`${name} closes its source when the consumer throws`, async () => {
    const source = watched();
    await assertRejects(
      async () => {
        for await (const _ of make()(source.rows, createContext())) throw new Error("enough");
      },
      Error,
      "enough",
    );
    await settle();
    assert(source.closed);
  });

  Deno.test(`${name} pulls a bounded number of rows for an idle consumer`, async () => {
    const source = watched();
    const output = make()(source.rows, createContext())[Symbol.asyncIterator]();
    await output.next();
    await settle();
    assert(source.pulled <= 5, `pulled ${source.pulled}`);
    await output.return?.();
  });

  Deno.test(`${name} passes an error of its source on`, async () => {
    async function* failing(): AsyncGenerator<Row> {
      yield { id: "a", n: 0 };
      throw new TypeError("no more");
    }
    await assertRejects(
      () => Array.fromAsync(make()(failing(), createContext())),
      TypeError,
      "no more",
    );
  });

  Deno.test(`${name} passes all rows on and ends`, async () => {
    assertEquals((await Array.fromAsync(make()(watched(7).rows, createContext()))).length, 7);
  });
}

for (const name of ["buffer", "group", "flatMap unordered", "merge", "pipe"]) {
  Deno.test(`${name} ends promptly when aborted while its source is stuck`, async () => {
    const controller = new AbortController();
    const rows = passing[name]()(stuckAfter(1), createContext({ signal: controller.signal }));
    const output = rows[Symbol.asyncIterator]();
    await output.next();
    const pending = output.next();
    await settle();
    controller.abort(new Error("stop"));
    await assertRejects(() => pending, Error, "stop");
  });
}

Deno.test("filter drops with a reason, which may depend on the row", async () => {
  const context = watchedContext();
  const stage = filter(
    (row: Row) => Promise.resolve(row.n !== 1),
    (row) => `number ${row.n} is not wanted`,
  );
  const rows = await Array.fromAsync(stage(watched(3).rows, context));
  assertEquals(rows.map((row) => row.n), [0, 2]);
  assertEquals(context.drops, [
    { reason: "number 1 is not wanted", record: { id: "row-1", n: 1 } },
  ]);
});

Deno.test("filter, tap, group and flatMap name stage and record in errors", async () => {
  const boom = (row: Row): never => {
    throw new Error(`boom ${row.n}`);
  };
  const stages: Record<string, Stage<Row, unknown>> = {
    "filter(boom)": filter(boom, "never"),
    "tap(boom)": tap(boom),
    "group": group({ weight: boom, limit: 3 }),
    "flatMap(boom)": flatMap(boom),
  };
  for (const [name, stage] of Object.entries(stages)) {
    const source = watched();
    const error = await assertRejects(
      () => Array.fromAsync(stage(source.rows, createContext())),
      StageError,
    );
    assertEquals([error.stage, error.recordId], [name, "row-0"]);
    await settle();
    assert(source.closed);
  }
});

Deno.test("take pulls no row too many and closes the source before its last row is used", async () => {
  const source = watched();
  const seen = [];
  for await (const row of take<Row>(3)(source.rows, createContext())) {
    seen.push(row.n);
    assertEquals(source.closed, row.n === 2);
  }
  assertEquals([seen, source.pulled], [[0, 1, 2], 3]);
});

Deno.test("take of nothing pulls nothing", async () => {
  const source = watched();
  assertEquals(await Array.fromAsync(take<Row>(0)(source.rows, createContext())), []);
  assertEquals(source.pulled, 0);
});

Deno.test("buffer pulls as many rows ahead as it has room for", async () => {
  const source = watched();
  const output = buffer<Row>(5)(source.rows, createContext())[Symbol.asyncIterator]();
  await output.next();
  await settle();
  assertEquals(source.pulled, 6);
  await output.return?.();
});

Deno.test("group by count keeps the last partial group", async () => {
  const groups = group<number>({ count: 2 })(streamOf(1, 2, 3, 4, 5), createContext());
  assertEquals(await Array.fromAsync(groups), [[1, 2], [3, 4], [5]]);
});

Deno.test("group by weight starts a new group with a row that does not fit", async () => {
  const stage = group({ weight: (weight: number) => weight, limit: 10, count: 3 });
  const groups = stage(streamOf(6, 5, 5, 1, 1, 1, 1, 99, 2), createContext());
  assertEquals(await Array.fromAsync(groups), [[6], [5, 5], [1, 1, 1], [1], [99], [2]]);
});

Deno.test("group by time gives what is there when its first row has waited long enough", async () => {
  const gate = Promise.withResolvers<void>();
  async function* slow() {
    yield 1;
    yield 2;
    await gate.promise;
    yield 3;
  }
  const output = group<number>({ ms: 5 })(slow(), createContext())[Symbol.asyncIterator]();
  assertEquals((await output.next()).value, [1, 2]);
  gate.resolve();
  assertEquals((await output.next()).value, [3]);
  assertEquals((await output.next()).done, true);
});

Deno.test("group refuses to be without a limit", () => {
  assertThrows(() => group({}), RangeError, "without a limit");
  assertThrows(() => group({ count: 0 }), RangeError, "current value is 0");
  assertThrows(() => group({ limit: NaN }), RangeError, "current value is NaN");
});

Deno.test("flatMap keeps the order of rows and of what they turn into", async () => {
  const stage = flatMap(async function* (n: number) {
    for (let part = 0; part < 3; part++) {
      await delay((3 - n) * 2);
      yield `${n}.${part}`;
    }
  }, { concurrency: 3 });
  assertEquals(
    await Array.fromAsync(stage(streamOf(0, 1, 2, 3), createContext())),
    [0, 1, 2, 3].flatMap((n) => [0, 1, 2].map((part) => `${n}.${part}`)),
  );
});

Deno.test("flatMap works on at most concurrency rows at a time", async () => {
  for (const ordered of [true, false]) {
    let open = 0;
    let most = 0;
    const stage = flatMap(async function* (n: number) {
      most = Math.max(most, ++open);
      for (let part = 0; part < 4; part++) {
        await delay(1);
        yield n;
      }
      open--;
    }, { concurrency: 3, ordered });
    const rows = await Array.fromAsync(stage(streamOf(0, 1, 2, 3, 4, 5, 6), createContext()));
    assertEquals([rows.length, most, open], [28, 3, 0]);
  }
});

Deno.test("flatMap closes the generators it has opened when the consumer breaks", async () => {
  for (const ordered of [true, false]) {
    let open = 0;
    const stage = flatMap(async function* (n: number) {
      open++;
      try {
        for (;;) yield await Promise.resolve(n);
      } finally {
        open--;
      }
    }, { concurrency: 3, ordered });
    let seen = 0;
    for await (const _ of stage(streamOf(0, 1, 2, 3, 4), createContext())) if (++seen === 9) break;
    await settle();
    assertEquals(open, 0);
  }
});

Deno.test("flatMap names stage and record when a generator fails", async () => {
  for (const options of [{}, { concurrency: 3 }, { concurrency: 3, ordered: false }]) {
    const stage = flatMap(async function* split(row: Row) {
      yield row.n;
      await delay(1);
      if (row.n === 1) throw new Error("boom");
    }, options);
    const error = await assertRejects(
      () => Array.fromAsync(stage(watched(5).rows, createContext())),
      StageError,
      "boom",
    );
    assertEquals([error.stage, error.recordId], ["flatMap(split)", "row-1"]);
  }
});

Deno.test("merge lets no source wait for another", async () => {
  const rows = merge(stuckAfter(0), stuckAfter(2), watched(2).rows)(createContext());
  const seen = [];
  for await (const row of rows) {
    seen.push(row.n);
    if (seen.length === 4) break;
  }
  assertEquals(seen.toSorted(), [0, 0, 1, 1]);
});

Deno.test("merge closes the other sources when one fails", async () => {
  const source = watched();
  async function* failing(): AsyncGenerator<Row> {
    yield { id: "a", n: 0 };
    throw new TypeError("no more");
  }
  await assertRejects(
    () => Array.fromAsync(merge(source.rows, failing())(createContext())),
    TypeError,
  );
  assert(source.closed);
});

Deno.test("tee gives all rows to both sides", async () => {
  const kept: Row[] = [];
  const keep: Sink<Row> = async (source) => {
    for await (const row of source) {
      await delay(1);
      kept.push(row);
    }
  };
  const passed = await Array.fromAsync(tee(keep)(watched(20).rows, createContext()));
  assertEquals(kept, passed);
});

Deno.test("tee lets the stream run no further ahead of its sink than the buffer", async () => {
  const source = watched();
  const stuck: Sink<Row> = () => new Promise(() => {});
  const output = tee(stuck, { buffer: 3 })(source.rows, createContext())[Symbol.asyncIterator]();
  await output.next();
  await output.next();
  output.next();
  await settle();
  assertEquals(source.pulled, 3);
});

Deno.test("tee goes on when its sink has had enough", async () => {
  const first: Sink<Row> = async (source) => {
    for await (const _ of source) break;
  };
  const passed = await Array.fromAsync(tee(first)(watched(40).rows, createContext()));
  assertEquals(passed.length, 40);
});

Deno.test("tee goes on when its sink takes nothing at all", async () => {
  const none = tee(() => Promise.resolve(), { buffer: 3 });
  assertEquals((await Array.fromAsync(none(watched(20).rows, createContext()))).length, 20);
});

Deno.test("tee fails when its sink does", async () => {
  const source = watched();
  const failing: Sink<Row> = async (rows) => {
    for await (const row of rows) if (row.n === 3) throw new TypeError("disk full");
  };
  await assertRejects(
    () => Array.fromAsync(tee(failing)(source.rows, createContext())),
    TypeError,
    "disk full",
  );
  assert(source.closed);
});

Deno.test("tee tells its sink when the stream stopped before its end", async () => {
  let ended: unknown;
  const sink: Sink<Row> = async (rows) => {
    try {
      for await (const _ of rows);
      ended = "whole";
    } catch (error) {
      ended = (error as Error).message;
    }
  };
  for await (const _ of tee(sink)(watched().rows, createContext())) break;
  assertEquals(ended, "The stream stopped before its end");
});

Deno.test("retry gives up after the given number of tries and says so", async () => {
  const context = watchedContext();
  let calls = 0;
  const failing = retry(function ask(_: Row) {
    calls++;
    throw new Error("service unavailable");
  }, { tries: 3, minDelay: 1 });
  await assertRejects(
    () => Array.fromAsync(map(failing)(watched(1).rows, context)),
    StageError,
    'Stage map(retry(ask)) failed on record "row-0": Gave up after 3 tries: service unavailable',
  );
  assertEquals([calls, context.counters.retries], [3, 2]);
});

Deno.test("retry does not try again what another try cannot mend", async () => {
  let calls = 0;
  const failing = retry((_: Row) => {
    calls++;
    throw new TypeError("no such model");
  }, { when: (error) => !(error instanceof TypeError) });
  await assertRejects(
    () => Array.fromAsync(map(failing)(watched(1).rows, createContext())),
    StageError,
    "no such model",
  );
  assertEquals(calls, 1);
});

Deno.test("retry stops waiting when it is aborted", async () => {
  const controller = new AbortController();
  const failing = retry((_: Row) => {
    setTimeout(() => controller.abort(new Error("stop")), 1);
    throw new Error("service unavailable");
  }, { minDelay: 60_000 });
  const context = createContext({ signal: controller.signal });
  await assertRejects(() => failing({ id: "a", n: 0 }, context, 0), Error, "stop");
});

Deno.test("retry waits as long as the error says", async () => {
  const asked: unknown[] = [];
  let calls = 0;
  const shaky = retry((row: Row) => {
    if (calls++ === 0) throw new Error("too many requests");
    return row.n;
  }, { minDelay: 60_000, delay: (error) => (asked.push((error as Error).message), 1) });
  assertEquals(await shaky({ id: "a", n: 7 }, createContext(), 0), 7);
  assertEquals(asked, ["too many requests"]);
});

Deno.test("pipe is named after its parts", () => {
  const joined = pipe(
    take<number>(1),
    map(function double(n: number) {
      return 2 * n;
    }),
  );
  assertEquals(joined.name, "take | map(double)");
});
