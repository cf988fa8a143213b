import { assertEquals } from "@std/assert";
import { compareTable, gapClosed, type ModelScores } from "@longpo/longpo/evaluate";

function scores(short: number, long: number): ModelScores {
  const score = (recall: number, nll: number) => ({ recall, nll, n: 100, standardError: 0.02 });
  return { short: score(short, 0.25), long: score(long, 11.5) };
}

Deno.test("compareTable lines up the three models", () => {
  assertEquals(
    compareTable(scores(0.9, 0.1), scores(0.91, 0.4), scores(0.95, 0.85)),
    [
      "100 questions  short recall   long recall  short NLL  long NLL",
      "original       0.900 ±0.020  0.100 ±0.020      0.250    11.500",
      "before         0.910 ±0.020  0.400 ±0.020      0.250    11.500",
      "after          0.950 ±0.020  0.850 ±0.020      0.250    11.500",
      "",
    ].join("\n"),
  );
});

Deno.test("gapClosed is the share of the untrained gap to the original that is gone", () => {
  const closed = (original: number, before: number, after: number): number =>
    gapClosed({
      original: scores(original, 0),
      before: scores(0, before),
      after: scores(0, after),
    });
  assertEquals(closed(0.75, 0.25, 0.75), 1);
  assertEquals(closed(0.5, 0.25, 0.375), 0.5);
  assertEquals(closed(0.4, 0.4, 0.9), NaN);
});
