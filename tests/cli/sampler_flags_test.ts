import { assertEquals, assertThrows } from "@std/assert";
import { command, samplerFlags, samplerOf, UsageError } from "../../lib/cli/mod.ts";
import { letterModel } from "../generate/models.ts";

const { parse } = command({ name: "test", summary: "Tests", flags: samplerFlags });
const model = letterModel();
const url = "http://127.0.0.1:8000/v1";

Deno.test("samplerOf takes a server and one of its models, and says who writes and who scores", () => {
  const said: string[] = [];
  const log = { info: (message: string) => void said.push(message), warn() {} };
  assertEquals(samplerOf(parse([]), model, log), undefined);
  assertEquals(said, []);

  const sampler = samplerOf(
    parse(["--sampler", url, "--sampler-model", "large", "--sampler-concurrency", "3"]),
    model,
    log,
  );
  assertEquals([sampler?.name, sampler?.concurrency], [`large at ${url}`, 3]);
  assertEquals(said, [
    `large at ${url} writes; the reference log-probs are those of ${model.name} here`,
  ]);
});

Deno.test("samplerOf asks for the half that is missing", () => {
  const log = { info() {}, warn() {} };
  assertThrows(() => samplerOf(parse(["--sampler", url]), model, log), UsageError, "sampler-model");
  assertThrows(
    () => samplerOf(parse(["--sampler-model", "large"]), model, log),
    UsageError,
    "Missing --sampler <url>",
  );
});
