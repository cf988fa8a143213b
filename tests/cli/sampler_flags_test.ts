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

Deno.test("samplerOf tells the server what all conversations have in common", async () => {
  const asked: Record<string, unknown>[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      asked.push(await request.json());
      const choice = { message: { role: "assistant", content: "a" }, finish_reason: "stop" };
      return Response.json({ choices: [choice], usage: { completion_tokens: 1 } });
    },
  );
  const chat = { systemPrompt: "Be brief.", chatTemplateKwargs: { enable_thinking: false } };
  const flags = parse([
    ...["--sampler", `http://127.0.0.1:${server.addr.port}/v1`, "--sampler-model", "large"],
  ]);
  const sampler = samplerOf({ ...flags, chat }, model, { info() {}, warn() {} })!;
  const user = { role: "user", content: "b" } as const;
  const own = { role: "system", content: "Be long." } as const;
  const sampling = { maxTokens: 4, temperature: 0, seed: 1 };
  await sampler.generate([[user], [own, user]], sampling);
  const messages = asked.map(({ messages }) => messages);
  assertEquals(messages, [[{ role: "system", content: "Be brief." }, user], [own, user]]);
  assertEquals(asked[0].chat_template_kwargs, { enable_thinking: false });
});
