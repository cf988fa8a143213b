import { assertEquals } from "@std/assert";
import { duration, rate, table } from "../../lib/cli/mod.ts";

Deno.test("table aligns numbers to the right and words to the left", () => {
  const rows = [
    { task: "needle", before: 0.25, after: 0.512345, note: "better" },
    { task: "gist", before: 12345, after: null },
  ];
  assertEquals(table(rows).split("\n"), [
    "task    before   after  note",
    "needle    0.25  0.5123  better",
    "gist    12,345       -  -",
  ]);
});

Deno.test("table shows the columns asked for, in their order", () => {
  assertEquals(table([{ a: 1, b: 2, c: 3 }], { columns: ["c", "a"] }), "c  a\n3  1");
});

Deno.test("table shows what is no finite number as it is", () => {
  assertEquals(table([{ loss: NaN }, { loss: -Infinity }]), "     loss\n      NaN\n-Infinity");
});

Deno.test("table without rows shows the columns alone", () => {
  assertEquals(table([], { columns: ["stage", "in"] }), "stage  in");
});

Deno.test("duration speaks in a person's units", () => {
  assertEquals([0, 8_400, 245_000, 7_800_000].map(duration), [
    "0 s",
    "8 s",
    "4 min 05 s",
    "2 h 10 min",
  ]);
});

Deno.test("rate takes the unit in which it is one or more", () => {
  assertEquals([[2400, 2], [10, 4], [1, 20], [1, 1800]].map(([n, s]) => rate(n, s * 1000)), [
    "1,200/s",
    "2.5/s",
    "3.0/min",
    "2.0/h",
  ]);
});
