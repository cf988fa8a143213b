// What the other tests lean on, said once: these hold for the stand-ins and for the real std alike.
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  AssertionError,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { TextLineStream } from "@std/streams";

Deno.test("assertEquals refuses values that are not deeply equal", () => {
  assertEquals({ a: [1, NaN], b: new Float32Array([1]) }, {
    a: [1, NaN],
    b: new Float32Array([1]),
  });
  assertThrows(() => assertEquals({ a: [1] }, { a: [2] }), AssertionError);
  assertThrows(() => assertEquals<unknown>([1], ["1"]), AssertionError);
  assertThrows(() => assertNotEquals([1], [1]), AssertionError);
  assertThrows(() => assert(0), AssertionError);
});

Deno.test("assertAlmostEquals refuses what is out of tolerance", () => {
  assertAlmostEquals(1, 1.05, 0.1);
  assertThrows(() => assertAlmostEquals(1, 1.2, 0.1), AssertionError);
  assertThrows(() => assertAlmostEquals(NaN, 1, 0.1), AssertionError);
});

Deno.test("assertThrows refuses silence, another class and another message", () => {
  const throwing = (): never => {
    throw new RangeError("Cannot read -1");
  };
  assertEquals(assertThrows(throwing, RangeError, "read").message, "Cannot read -1");
  assertThrows(() => assertThrows(() => {}), AssertionError);
  assertThrows(() => assertThrows(throwing, TypeError), AssertionError);
  assertThrows(() => assertThrows(throwing, RangeError, "write"), AssertionError);
});

Deno.test("assertRejects refuses a promise that resolves", async () => {
  await assertRejects(() => Promise.reject(new TypeError("no")), TypeError, "no");
  await assertRejects(() => assertRejects(() => Promise.resolve()), AssertionError);
});

Deno.test("parseArgs reads declared flags and hands over the others", () => {
  const unknown: string[] = [];
  const args: Record<string, unknown> = parseArgs(
    ["--out", "a", "--tag=x", "--tag", "y", "--no-warm", "--oops", "-h", "rest"],
    {
      string: ["out", "tag", "more"],
      boolean: ["warm", "help"],
      collect: ["tag"],
      negatable: ["warm"],
      alias: { help: "h" },
      unknown: (arg: string) => {
        unknown.push(arg);
        return false;
      },
    },
  );
  assertEquals(unknown, ["--oops", "rest"]);
  assertEquals([args.out, args.tag, args.warm, args.help, args.more], [
    "a",
    ["x", "y"],
    false,
    true,
    undefined,
  ]);
});

Deno.test("TextLineStream joins lines across chunks", async () => {
  const lines = ReadableStream.from(["on", "e\r\ntwo\n", "\nfour"]).pipeThrough(
    new TextLineStream(),
  );
  assertEquals(await Array.fromAsync(lines), ["one", "two", "", "four"]);
});
