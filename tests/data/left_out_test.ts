import { assertEquals } from "@std/assert";
import { leftOut, only, reasonsOf } from "../../lib/data/mod.ts";
import { TurnDrops } from "../../lib/data/turn_drops.ts";
import { createContext, filter, pipeline, type Stage } from "../../lib/flow/mod.ts";

interface Row {
  id: string;
  dropped?: Record<string, number>;
}

/** Loses a turn of every row. */
const lose: Stage<Row, Row> = async function* lose(source, { meter }) {
  for await (const row of source) {
    const drops = new TurnDrops(row, meter);
    drops.add("identical");
    drops.add("unsure", 0);
    yield { ...row, ...drops.noted };
  }
};

Deno.test("leftOut of a run that went on is that of the run as a whole", async () => {
  const rows: Row[] = [{ id: "a" }, { id: "b" }, { id: "c", dropped: { empty: 2 } }, { id: "d" }];
  const stages = [filter(({ id }: Row) => id !== "d", "too short"), lose] as const;
  const run = async (done: readonly Row[]) => {
    const made: Row[] = [];
    const ids = new Set(done.map(({ id }) => id));
    const report = await pipeline({
      name: "x",
      source: rows,
      stages: [only<Row>((id) => !ids.has(id), "made before"), ...stages],
      sink: async (source: AsyncIterable<Row>) => {
        for await (const row of source) made.push(row);
      },
    }).run();
    return { made, left: leftOut(report, done) };
  };
  const whole = await run([]);
  assertEquals(whole.left, { "too short": 1, "turns dropped: identical": 3 });
  assertEquals(whole.made[2].dropped, { empty: 2, identical: 1 });
  const rest = await run(whole.made.slice(0, 2));
  assertEquals(rest.left, whole.left);
  assertEquals(reasonsOf(rest.left), "1 too short, 3 turns dropped: identical");
});

Deno.test("a record that lost no turn says nothing of it", async () => {
  const counted: string[] = [];
  const meter = { drop() {}, count: (name: string) => void counted.push(name) };
  const context = createContext({ meter });
  const drops = new TurnDrops({}, context.meter);
  drops.add("empty", 0);
  assertEquals([drops.noted, counted], [{}, []]);
  assertEquals(await Array.fromAsync(only((id) => id !== "b", "elsewhere")(source(), context)), [
    { id: "a" },
  ]);
  assertEquals(counted, ["elsewhere"]);
});

async function* source() {
  yield* [{ id: "a" }, { id: "b" }];
}
