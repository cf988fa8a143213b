import { assertEquals, assertStringIncludes } from "@std/assert";
import { progress, Screen, screenLogger, watch } from "../../lib/cli/mod.ts";
import type { StageContext } from "../../lib/flow/mod.ts";

function recorded(interactive: boolean, color = false): { screen: Screen; written: string[] } {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  return { screen: new Screen({ write, interactive, color, columns: () => 40 }), written };
}

/** A clock that goes on by a second whenever it is asked to. */
function clock(): { now: () => number; tick: (seconds?: number) => void } {
  let time = 0;
  return { now: () => time, tick: (seconds = 1) => void (time += 1000 * seconds) };
}

Deno.test("Screen keeps live lines below the lines that stay", () => {
  const { screen, written } = recorded(true);
  const [a, b] = [{}, {}];
  screen.show(a, "first");
  screen.show(b, "second");
  screen.print("stays");
  screen.show(a);
  assertEquals(written, [
    "first",
    "\r\x1b[Jfirst\nsecond",
    "\x1b[1A\r\x1b[Jstays\nfirst\nsecond",
    "\x1b[1A\r\x1b[Jsecond",
  ]);
});

Deno.test("Screen cuts a live line that would wrap", () => {
  const { screen, written } = recorded(true);
  screen.show({}, "x".repeat(100));
  assertEquals(written, ["x".repeat(39)]);
});

Deno.test("Screen writes no control codes where it is not a terminal", () => {
  const { screen, written } = recorded(false);
  screen.show({}, "live");
  screenLogger(screen).info("one");
  screenLogger(screen).warn("two");
  assertEquals(written, ["one\n", "warning: two\n"]);
});

Deno.test("Screen paints only where colours may be used", () => {
  assertEquals(recorded(true, true).screen.paint("red", "no"), "\x1b[31mno\x1b[0m");
  assertEquals(recorded(true, false).screen.paint("red", "no"), "no");
});

Deno.test("progress prints a line now and then where there is no terminal", () => {
  const { screen, written } = recorded(false);
  const { now, tick } = clock();
  const bar = progress({ label: "pairs", total: 20, screen, now });
  for (let i = 0; i < 12; i++) {
    tick();
    bar.advance();
  }
  bar.finish();
  bar.finish();
  bar.advance();
  assertEquals(written, [
    "pairs: 5/20, 1.0/s, 15 s left\n",
    "pairs: 10/20, 1.0/s, 10 s left\n",
    "pairs: 12/20, 1.0/s, 12 s\n",
  ]);
});

Deno.test("progress draws a bar on a terminal and leaves its last figures", () => {
  const { screen, written } = recorded(true);
  const { now, tick } = clock();
  {
    using bar = progress({ label: "steps", total: 4, screen, now });
    tick(90);
    bar.advance(1, "loss 0.69");
  }
  assertEquals(
    written,
    [
      "steps [------------------------] 0/4",
      "\r\x1b[Jsteps [######------------------] 1/4, 4",
      "\r\x1b[J",
      "steps: 1/4, 40/h, 1 min 30 s, loss 0.69\n",
    ],
  );
});

Deno.test("progress counts without a total", () => {
  const { screen, written } = recorded(false);
  const { now, tick } = clock();
  const bar = progress({ label: "documents", screen, now, every: 1000 });
  tick(2);
  bar.advance(10);
  assertEquals(written, ["documents: 10, 5.0/s, 2 s\n"]);
});

Deno.test("progress leaves what an earlier run has done out of its rate", () => {
  const { screen, written } = recorded(false);
  const { now, tick } = clock();
  const bar = progress({ label: "steps", total: 120, before: 100, screen, now });
  for (let done = 0; done < 100; done++) bar.advance();
  tick(5);
  bar.advance(5);
  assertEquals(written, ["steps: 105/120, 1.0/s, 15 s left\n"]);
});

Deno.test("watch hands every record on and says how many passed", async () => {
  const { screen, written } = recorded(false);
  async function* source(): AsyncIterable<number> {
    yield* [1, 2, 3];
  }
  const context: StageContext = {
    signal: new AbortController().signal,
    seed: 0,
    log: screenLogger(screen),
    meter: { drop() {}, count() {} },
  };
  const records = watch<number>({ label: "numbers", screen })(source(), context);
  assertEquals(await Array.fromAsync(records), [1, 2, 3]);
  assertStringIncludes(written.join(""), "numbers: 3");
});
