import { assertEquals } from "@std/assert";
import { cutAtStop, stopFinder } from "../../lib/generate/stop_strings.ts";

Deno.test("cutAtStop cuts at the first stop string of all", () => {
  assertEquals(cutAtStop("one\ntwo. three", [".", "\n"]), "one");
  assertEquals(cutAtStop("one", [".", "\n"]), undefined);
  assertEquals(cutAtStop("one", []), undefined);
});

Deno.test("stopFinder sees a stop string as soon as its last token is there", () => {
  const letters = "a long text before the end, and then END and more";
  const decode = (ids: readonly number[]) => ids.map((id) => letters[id]).join("");
  const hasStop = stopFinder(decode, ["END"]);
  const ids = [...letters].map((_, at) => at);
  const found = ids.findIndex((_, at) => hasStop(ids.slice(0, at + 1)));
  assertEquals(found, letters.indexOf("END") + 2);
});

Deno.test("stopFinder is not misled by what a decoder does at a text's beginning", () => {
  // As a decoder does that puts something before a text which begins in its midst.
  const decode = (ids: readonly number[]) => (ids.length < 40 ? "." : "") + "x".repeat(ids.length);
  assertEquals(stopFinder(decode, ["."])(new Array(40).fill(0)), false);
});
