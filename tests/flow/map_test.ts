import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createContext, map, named, StageError } from "@longpo/longpo/flow";
import {
  delay,
  type Row,
  settle,
  streamOf,
  stuckAfter,
  watched,
  watchedContext,
} from "./helpers.ts";

const identity = async (row: Row) => await Promise.resolve(row);

Deno.test("map keeps the order when asked, whatever finishes first", async () => {
  const slowFirst = map(async (ms: number) => (await delay(ms), ms), { concurrency: 4 });
  const rows = await Array.fromAsync(slowFirst(streamOf(30, 1, 20, 2, 1), createContext()));
  assertEquals(rows, [30, 1, 20, 2, 1]);
});

Deno.test("map lets the first finished leave first when order does not matter", async () => {
  const options = { concurrency: 3, ordered: false };
  const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const gated = map(async (n: number) => (await gates[n].promise, n), options);
  const output = gated(streamOf(0, 1, 2), createContext())[Symbol.asyncIterator]();
  const seen = [];
  for (const n of [2, 0, 1]) {
    const next = output.next();
    await settle();
    gates[n].resolve();
    seen.push((await next).value);
  }
  assertEquals(seen, [2, 0, 1]);
});

for (const ordered of [true, false]) {
  const order = ordered ? "ordered" : "unordered";

  Deno.test(`map pulls at most concurrency + buffer ahead of an idle consumer, ${order}`, async () => {
    for (const [concurrency, buffer] of [[1, 0], [4, 0], [4, 3]]) {
      const source = watched();
      const stage = map(identity, { concurrency, buffer, ordered });
      const output = stage(source.rows, createContext())[Symbol.asyncIterator]();
      await output.next();
      await settle();
      assertEquals(source.pulled, 1 + concurrency + buffer);
      await output.return?.();
    }
  });

  Deno.test(`map never has more than concurrency rows at work, ${order}`, async () => {
    let atWork = 0;
    let most = 0;
    const stage = map(async (row: Row) => {
      most = Math.max(most, ++atWork);
      await delay(row.n % 3);
      atWork--;
      return row.n;
    }, { concurrency: 3, buffer: 5, ordered });
    const rows = await Array.fromAsync(stage(watched(30).rows, createContext()));
    assertEquals(most, 3);
    assertEquals(rows.toSorted((a, b) => a - b), Array.from({ length: 30 }, (_, n) => n));
  });

  Deno.test(`map closes its source when the consumer breaks, ${order}`, async () => {
    const source = watched();
    for await (
      const row of map(identity, { concurrency: 4, ordered })(source.rows, createContext())
    ) {
      if (row.n === 3) break;
    }
    assert(source.closed);
  });

  Deno.test(`map closes its source when the consumer throws, ${order}`, async () => {
    const source = watched();
    await assertRejects(
      async () => {
        const stage = map(identity, { concurrency: 4, ordered });
        for await (const _ of stage(source.rows, createContext())) throw new Error("enough");
      },
      Error,
      "enough",
    );
    assert(source.closed);
  });

  Deno.test(`map closes its source and names stage and record when the mapper throws, ${order}`, async () => {
    for (const concurrency of [1, 4]) {
      const source = watched();
      const stage = map(async function explode(row: Row) {
        await Promise.resolve();
        if (row.n === 2) throw new Error("boom");
        return row;
      }, { concurrency, ordered });
      const error = await assertRejects(
        () => Array.fromAsync(stage(source.rows, createContext())),
        StageError,
        'Stage map(explode) failed on record "row-2": boom',
      );
      assertEquals([error.stage, error.recordId], ["map(explode)", "row-2"]);
      assert(source.closed);
    }
  });

  Deno.test(`map ends promptly and closes its source when aborted while pending, ${order}`, async () => {
    const source = watched();
    const controller = new AbortController();
    const stage = map(() => new Promise<never>(() => {}), { concurrency: 4, ordered });
    const output = stage(source.rows, createContext({ signal: controller.signal }));
    const pending = output[Symbol.asyncIterator]().next();
    await settle();
    controller.abort(new Error("stop"));
    await assertRejects(() => pending, Error, "stop");
    await settle();
    assert(source.closed);
  });
}

Deno.test("map gives the rows before a failed one first when order is kept", async () => {
  const stage = map(async (row: Row) => {
    if (row.n === 2) throw new Error("boom");
    await delay(5);
    return row.n;
  }, { concurrency: 4 });
  const seen: number[] = [];
  await assertRejects(async () => {
    for await (const n of stage(watched().rows, createContext())) seen.push(n);
  }, StageError);
  assertEquals(seen, [0, 1]);
});

Deno.test("map passes an error of its source on as it is, after the rows before it", async () => {
  async function* failing() {
    yield 1;
    yield 2;
    throw new TypeError("no more");
  }
  const seen: number[] = [];
  await assertRejects(
    async () => {
      const stage = map(async (n: number) => (await delay(1), n), { concurrency: 8 });
      for await (const n of stage(failing(), createContext())) seen.push(n);
    },
    TypeError,
    "no more",
  );
  assertEquals(seen, [1, 2]);
});

Deno.test("map aborts the mapper's signal when the consumer leaves", async () => {
  let signal: AbortSignal | undefined;
  const stage = map(async (row: Row, context) => {
    signal = context.signal;
    if (row.n > 0) await new Promise(() => {});
    return row;
  }, { concurrency: 4 });
  for await (const _ of stage(watched().rows, createContext())) {
    await settle();
    break;
  }
  assert(signal?.aborted);
});

Deno.test("map aborts the mapper's signal when another row fails", async () => {
  const reasons: unknown[] = [];
  const stage = map(async (row: Row, context) => {
    if (row.n === 0) {
      await delay(5);
      throw new Error("boom");
    }
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    reasons.push(context.signal.reason);
    return row;
  }, { concurrency: 3 });
  await assertRejects(() => Array.fromAsync(stage(watched(3).rows, createContext())), StageError);
  await settle();
  assertEquals(reasons.length, 2);
});

Deno.test("map does not wait for a source that is stuck when a row fails", async () => {
  const stage = map((row: Row) => {
    if (row.n === 1) throw new Error("boom");
    return row;
  }, { concurrency: 4 });
  await assertRejects(() => Array.fromAsync(stage(stuckAfter(2), createContext())), StageError);
});

Deno.test("map with a signal that is aborted already does not start", async () => {
  const source = watched();
  const context = createContext({ signal: AbortSignal.abort(new Error("too late")) });
  await assertRejects(
    () => Array.fromAsync(map(identity)(source.rows, context)),
    Error,
    "too late",
  );
  assertEquals(source.pulled, 0);
});

Deno.test("map drops rows that fail, with their reason, when asked", async () => {
  const context = watchedContext();
  const stage = map(async (row: Row) => {
    if (row.n % 2 === 1) throw new Error("odd");
    return await Promise.resolve(row.n);
  }, { concurrency: 3, onError: "drop" });
  assertEquals(await Array.fromAsync(stage(watched(6).rows, context)), [0, 2, 4]);
  assertEquals(
    context.drops,
    [1, 3, 5].map((n) => ({ reason: "odd", record: { id: `row-${n}`, n } })),
  );
});

Deno.test("map answers consumers that ask before they were answered in their order", async () => {
  const stage = map(async (n: number) => (await delay(3 - n), n), { concurrency: 2 });
  const output = stage(streamOf(0, 1, 2), createContext())[Symbol.asyncIterator]();
  const steps = await Promise.all([output.next(), output.next(), output.next(), output.next()]);
  assertEquals(steps.map((step) => step.value), [0, 1, 2, undefined]);
});

Deno.test("map counts rows from 0 for its mapper", async () => {
  const stage = map((word: string, _, index) => `${index}${word}`, { concurrency: 2 });
  assertEquals(await Array.fromAsync(stage(streamOf("a", "b"), createContext())), ["0a", "1b"]);
});

Deno.test("map names itself after the stage it runs in", async () => {
  const stage = named(
    "sample",
    map((_: Row) => {
      throw new Error("boom");
    }),
  );
  const error = await assertRejects(
    () => Array.fromAsync(stage(watched(1).rows, createContext({ stage: "sample" }))),
    StageError,
  );
  assertEquals(error.stage, "sample");
});

Deno.test("map refuses a concurrency that is no positive integer", () => {
  for (const concurrency of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => map(identity, { concurrency }),
      RangeError,
      `current value is ${concurrency}`,
    );
  }
});
