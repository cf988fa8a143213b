import { assertEquals } from "@std/assert";
import { editDistance, nearest } from "../../lib/cli/nearest.ts";

Deno.test("editDistance counts letters added, taken away and changed", () => {
  assertEquals(
    [["kitten", "sitting"], ["", "abc"], ["same", "same"], ["ab", "ba"]]
      .map(([a, b]) => editDistance(a, b)),
    [3, 3, 0, 2],
  );
});

Deno.test("nearest finds the word meant and makes no wild guess", () => {
  const words = ["model", "documents", "max-tokens", "out"];
  assertEquals(nearest("docs", words), undefined);
  assertEquals(nearest("doc", words), "documents");
  assertEquals(nearest("modle", words), "model");
  assertEquals(nearest("banana", words), undefined);
});
