import { assertEquals } from "@std/assert";
import { formatSamplerStats, noStats } from "../../lib/generate/mod.ts";

Deno.test("formatSamplerStats tells rates, what was shared, and the time to the first token", () => {
  const stats = {
    calls: 2,
    promptTokens: 8000,
    computedPromptTokens: 2000,
    newTokens: 60,
    prefillSeconds: 4,
    decodeSeconds: 8,
    secondsToFirstToken: 2.04,
  };
  assertEquals(
    formatSamplerStats(stats),
    "8000 prompt tokens, 75 % of them shared, 500 computed a second, 60 tokens written, " +
      "5.0 a second with their prompts, first token after 2.0 s",
  );
  assertEquals(formatSamplerStats(noStats()), "nothing written");
});
