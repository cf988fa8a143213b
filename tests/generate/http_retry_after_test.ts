import { assertEquals } from "@std/assert";
import { retryAfter } from "../../lib/generate/http/retry_after.ts";

Deno.test("retryAfter reads seconds and dates, and nothing else", () => {
  const now = Date.parse("2024-02-29T12:00:00Z");
  assertEquals(retryAfter("120", now), 120_000);
  assertEquals(retryAfter("0", now), 0);
  assertEquals(retryAfter("Thu, 29 Feb 2024 12:01:30 GMT", now), 90_000);
  assertEquals(retryAfter("Thu, 29 Feb 2024 11:00:00 GMT", now), 0);
  for (const none of [null, "", "soon", "-5"]) assertEquals(retryAfter(none, now), undefined);
});
