import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  filter,
  formatReport,
  fromIterable,
  group,
  map,
  named,
  pipe,
  pipeline,
  type PipelineReport,
  type Sink,
  type Stage,
  StageError,
  take,
  tap,
} from "@longpo/longpo/flow";
import { StageClock } from "../../lib/flow/run/stage_clock.ts";
import { delay, type Row, settle, stuckAfter, watched } from "./helpers.ts";

const quiet = { info() {}, warn() {} };

const double: Stage<Row, number> = async function* double(source) {
  for await (const row of source) yield 2 * row.n;
};

Deno.test("pipeline prints its plan, a line for each part with its options", () => {
  const plan = pipeline({
    name: "doubling",
    source: fromIterable("numbers", watched(1).rows),
    stages: pipe(double, named("pairs", group<number>({ count: 2 }), { count: 2 })),
    sink: async function collect(source: AsyncIterable<number[]>) {
      for await (const _ of source);
    },
  });
  assertEquals(
    `${plan}`,
    [
      "doubling",
      "  ┌ numbers",
      "  │ double",
      "  │ pairs    count=2",
      "  └ collect",
    ].join("\n"),
  );
});

Deno.test("pipeline does nothing before it is run, and can be run again", async () => {
  let opened = 0;
  const plan = pipeline({
    name: "numbers",
    source: async function* numbers() {
      opened++;
      yield* [1, 2, 3];
    },
    stages: [],
  });
  assertEquals(opened, 0);
  assertEquals(await Array.fromAsync(plan), [1, 2, 3]);
  assertEquals((await plan.run()).rows, 3);
  assertEquals(opened, 2);
});

Deno.test("pipeline counts rows, drops and counters of each part", async () => {
  const seen: number[] = [];
  const report = await pipeline({
    name: "counting",
    source: watched(10).rows,
    stages: [
      filter((row: Row) => row.n % 3 !== 0, "divisible by three"),
      tap(function weigh(row: Row, { meter }) {
        meter.count("weight", row.n);
      }),
      double,
    ],
    sink: async function collect(source) {
      for await (const n of source) seen.push(n);
    },
  }).run();
  assertEquals(seen, [2, 4, 8, 10, 14, 16]);
  assertEquals(report.rows, 6);
  assertEquals(
    report.stages.map(({ stage, rowsIn, rowsOut, drops, counters }) => [
      stage,
      rowsIn,
      rowsOut,
      drops,
      counters,
    ]),
    [
      ["source", 0, 10, {}, {}],
      ["filter", 10, 6, { "divisible by three": 4 }, {}],
      ["tap(weigh)", 6, 6, {}, { weight: 27 }],
      ["double", 6, 6, {}, {}],
      ["collect", 6, 0, {}, {}],
    ],
  );
  const drawn = formatReport(report);
  assertStringIncludes(drawn, "dropped 4: divisible by three");
  assertStringIncludes(drawn, "weight 27");
});

Deno.test("StageClock counts the time in which a stage is awaited and does not wait itself", () => {
  const clock = new StageClock();
  clock.asked(100);
  clock.asks(103); // 3 before it pulls
  clock.got(150);
  clock.answered(157); // 7 on the row
  clock.asks(170); // It works ahead while nobody waits.
  clock.got(180);
  clock.asked(190);
  clock.answered(195); // 5 until it is done
  assertEquals(clock.own, 15);
});

Deno.test("pipeline gives every stage its signal, seed, log and name", async () => {
  let seen: unknown[] = [];
  const controller = new AbortController();
  await pipeline({
    name: "context",
    source: [1],
    seed: 7,
    log: quiet,
    stages: [async function* look(source: AsyncIterable<number>, context) {
      seen = [context.seed, context.log === quiet, context.stage, context.signal.aborted];
      yield* source;
    }],
  }).run({ signal: controller.signal });
  assertEquals(seen, [7, true, "look", false]);
});

Deno.test("pipeline names stage and record in errors, and closes its source", async () => {
  const source = watched();
  const brittle: Stage<Row, Row> = async function* brittle(rows) {
    for await (const row of rows) {
      if (row.n === 4) throw new Error("boom");
      yield row;
    }
  };
  const error = await assertRejects(
    () => pipeline({ name: "brittle", source: source.rows, stages: pipe(brittle, double) }).run(),
    StageError,
    'Stage brittle failed on record "row-4": boom',
  );
  assertEquals([error.stage, error.recordId], ["brittle", "row-4"]);
  assertEquals((error.cause as Error).message, "boom");
  assert(source.closed);
});

Deno.test("pipeline names the source and the sink in errors", async () => {
  async function* documents(): AsyncGenerator<Row> {
    yield { id: "a", n: 1 };
    throw new Error("unreadable");
  }
  const fromSource = await assertRejects(
    () => pipeline({ name: "x", source: documents, stages: [] }).run(),
    StageError,
  );
  assertEquals([fromSource.stage, fromSource.recordId], ["documents", undefined]);

  const source = watched();
  const sink: Sink<Row> = async function file(rows) {
    for await (const row of rows) if (row.n === 2) throw new Error("disk full");
  };
  const fromSink = await assertRejects(
    () => pipeline({ name: "x", source: source.rows, stages: [], sink }).run(),
    StageError,
  );
  assertEquals([fromSink.stage, fromSink.recordId], ["file", "row-2"]);
  assert(source.closed);
});

Deno.test("pipeline names a stage that fails before its first row", async () => {
  const broken: Stage<Row, Row> = function broken() {
    throw new Error("no graph");
  };
  const error = await assertRejects(
    () => pipeline({ name: "x", source: watched().rows, stages: [broken] }).run(),
    StageError,
    "no graph",
  );
  assertEquals(error.stage, "broken");
});

Deno.test("pipeline ends when it is aborted while its source is stuck, with the signal's reason", async () => {
  const controller = new AbortController();
  const running = pipeline({ name: "x", source: stuckAfter(3), stages: [double] })
    .run({ signal: controller.signal });
  await settle();
  controller.abort(new Error("stop"));
  await assertRejects(() => running, Error, "stop");
});

Deno.test("pipeline waits for stages to clear up when it is aborted", async () => {
  const controller = new AbortController();
  const steps: string[] = [];
  const careful: Stage<Row, Row> = async function* careful(source) {
    try {
      yield* source;
    } finally {
      await delay(10);
      steps.push("saved");
    }
  };
  const running = pipeline({ name: "x", source: stuckAfter(3), stages: [careful] })
    .run({ signal: controller.signal });
  await settle();
  controller.abort(new Error("stop"));
  await assertRejects(() => running, Error, "stop");
  assertEquals(steps, ["saved"]);
});

Deno.test("pipeline does not wait for a stage that does not listen longer than its grace", async () => {
  const controller = new AbortController();
  const deaf: Stage<Row, Row> = async function* deaf(source) {
    for await (const row of source) {
      await new Promise(() => {});
      yield row;
    }
  };
  const running = pipeline({ name: "x", source: watched().rows, stages: [deaf], grace: 5 })
    .run({ signal: controller.signal });
  await settle();
  controller.abort(new Error("stop"));
  await assertRejects(() => running, Error, "stop");
});

Deno.test("pipeline with a signal that is aborted already does not start", async () => {
  const source = watched();
  await assertRejects(
    () =>
      pipeline({ name: "x", source: source.rows, stages: [] })
        .run({ signal: AbortSignal.abort(new Error("too late")) }),
    Error,
    "too late",
  );
  assertEquals(source.pulled, 0);
});

Deno.test("pipeline closes its source and aborts its stages when the consumer breaks", async () => {
  const source = watched();
  let signal: AbortSignal | undefined;
  const plan = pipeline({
    name: "x",
    source: source.rows,
    stages: [
      map(async (row: Row, context) => {
        signal = context.signal;
        if (row.n > 2) await new Promise(() => {});
        return row;
      }, { concurrency: 3 }),
    ],
  });
  for await (const row of plan) if (row.n === 2) break;
  assert(source.closed);
  assert(signal?.aborted);
});

Deno.test("pipeline ends without an error when its sink has had enough", async () => {
  const source = watched();
  const report = await pipeline({
    name: "x",
    source: source.rows,
    stages: [map((row: Row) => row, { concurrency: 2 })],
    sink: async (rows: AsyncIterable<Row>) => {
      for await (const row of rows) if (row.n === 4) return;
    },
  }).run();
  assertEquals(report.rows, 5);
  assert(source.closed);
});

Deno.test("pipeline ends without an error when take has had enough of a stuck source", async () => {
  const report = await pipeline({
    name: "x",
    source: stuckAfter(2),
    stages: pipe(map((row: Row) => row, { concurrency: 4 }), take(2)),
  }).run();
  assertEquals(report.rows, 2);
});

Deno.test("pipeline tells its progress", async () => {
  const reports: PipelineReport[] = [];
  await pipeline({
    name: "x",
    source: watched(5).rows,
    stages: [tap(() => delay(10))],
  }).run({ progress: (report) => reports.push(report), every: 5 });
  assert(reports.length > 0);
  assertEquals(reports[0].pipeline, "x");
});

Deno.test("pipeline gives its report as the result of iterating", async () => {
  const rows = pipeline({ name: "x", source: [1, 2], stages: [] }).rows();
  let step = await rows.next();
  while (!step.done) step = await rows.next();
  assertEquals(step.value.rows, 2);
});

Deno.test("pipeline appends what it drops to its dead letters, run after run", async () => {
  const path = `${await Deno.makeTempDir()}/dead.jsonl`;
  await Deno.writeTextFile(path, '{"half": ');
  const plan = pipeline({
    name: "x",
    source: () => watched(3).rows,
    stages: [
      filter((row: Row) => row.n !== 1, "unwanted"),
      map((row: Row) => {
        if (row.n === 2) throw new Error("boom");
        return row;
      }, { onError: "drop" }),
    ],
    deadLetters: path,
  });
  await plan.run();
  await plan.run();
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  const letters = [
    { stage: "filter", reason: "unwanted", record: { id: "row-1", n: 1 } },
    { stage: "map", reason: "boom", record: { id: "row-2", n: 2 } },
  ];
  assertEquals(lines.slice(1).map((line) => JSON.parse(line)), [...letters, ...letters]);
});

Deno.test("pipeline makes no file of dead letters when there are none", async () => {
  const path = `${await Deno.makeTempDir()}/dead.jsonl`;
  await pipeline({ name: "x", source: [1], stages: [], deadLetters: path }).run();
  await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
});
