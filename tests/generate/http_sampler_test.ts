import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { httpSampler, type HttpSamplerOptions, type Sampler } from "../../lib/generate/mod.ts";
import type { Message } from "../../lib/model/mod.ts";
import { ChatServer, completion, failure, type Reply, words } from "./chat_server.ts";

const chat = (content: string): Message[] => [{ role: "user", content }];
const CHATS = ["who is there", "who is here", "where", "when was it", "why"].map(chat);
const ANSWERS = ["there is who", "here is who", "where", "it was when", "why"];
const OPTIONS = { maxTokens: 16 };

/** A sampler that retries at once. */
function samplerOn(server: ChatServer, options: Partial<HttpSamplerOptions> = {}) {
  return httpSampler({ url: server.url, model: "small", apiKey: "", minDelay: 1, ...options });
}

/** Collects warnings. */
function warnings() {
  const said: string[] = [];
  return { said, log: { warn: (message: string) => void said.push(message) } };
}

/** Lets answers wait until so many requests are there, then leave, the last first. */
function together(count: number): Reply {
  const held: (() => void)[] = [];
  return async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.push(resolve);
    if (held.length === count) { while (held.length > 0) held.pop()!(); }
    await promise;
    return undefined;
  };
}

/** What a call fails with, which must be an error for a person. */
async function failureOf(sampler: Sampler, chats = CHATS.slice(0, 1)): Promise<UserError> {
  return await assertRejects(() => sampler.generate(chats, OPTIONS), UserError);
}

Deno.test("httpSampler answers chats with texts, tokens and log-probs", async () => {
  await using server = new ChatServer();
  const sampler = samplerOn(server);
  assertEquals(sampler.name, `small at ${server.url}`);
  const [answer] = await sampler.generate(CHATS, OPTIONS);
  assertEquals(answer, {
    text: "there is who",
    tokenIds: [5, 2, 3],
    logProbs: [-1, -2, -3],
    finish: "stop",
    newTokens: 3,
  });
  assertEquals(await sampler.generate([], OPTIONS), []);
  const { requests, promptTokens, newTokens } = sampler.stats;
  assertEquals({ requests, promptTokens, newTokens }, {
    requests: 5,
    promptTokens: 11,
    newTokens: 11,
  });
});

Deno.test("httpSampler sends what decides the draw, and top_k only where it cuts", async () => {
  await using server = new ChatServer();
  const sampler = samplerOn(server, { extra: { min_p: 0 } });
  const drawn = { maxTokens: 7, temperature: 0.7, topP: 0.9, topK: 5, stop: ["\n"], seed: 42 };
  await sampler.generate(CHATS.slice(0, 1), drawn);
  await sampler.generate(CHATS.slice(0, 1), OPTIONS);
  assertEquals(server.requests, [
    {
      model: "small",
      messages: CHATS[0],
      max_tokens: 7,
      temperature: 0.7,
      top_p: 0.9,
      top_k: 5,
      stop: ["\n"],
      seed: 42,
      stream: false,
      logprobs: true,
      min_p: 0,
    },
    {
      model: "small",
      messages: CHATS[0],
      max_tokens: 16,
      temperature: 0,
      top_p: 1,
      seed: 0,
      stream: false,
      logprobs: true,
      min_p: 0,
    },
  ]);
});

Deno.test("httpSampler sends in order, keeps the order and its bound", async () => {
  const held: (() => void)[] = [];
  // Answers wait until three requests are there, then leave the last first.
  await using server = new ChatServer(async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.push(resolve);
    if (held.length === 3) { while (held.length > 0) held.pop()!(); }
    await promise;
    return undefined;
  });
  const sampler = samplerOn(server, { concurrency: 3 });
  const chats = [...CHATS, chat("how now")];
  const answers = await sampler.generate(chats, OPTIONS);
  assertEquals(answers.map(({ text }) => text), [...ANSWERS, "now how"]);
  assertEquals(server.busiest, 3);
});

Deno.test("httpSampler sends conversations of a call in their order", async () => {
  await using server = new ChatServer();
  await samplerOn(server, { concurrency: 1 }).generate(CHATS, OPTIONS);
  assertEquals(server.requests.map(({ messages }) => messages), CHATS);
});

Deno.test("httpSampler holds its bound over calls at the same time", async () => {
  await using server = new ChatServer(together(2));
  const sampler = samplerOn(server, { concurrency: 2 });
  const calls = await Promise.all([1, 2].map(() => sampler.generate(CHATS, OPTIONS)));
  for (const answers of calls) assertEquals(answers.map(({ text }) => text), ANSWERS);
  assertEquals(server.busiest, 2);
});

Deno.test("httpSampler comes back when a busy server says", async () => {
  const past = new Date(0).toUTCString();
  await using server = new ChatServer((_, index) => {
    const headers = { "retry-after": index < 2 ? "0" : past };
    return index < 4 ? failure(index % 2 ? 503 : 429, "busy", headers) : undefined;
  });
  const { said, log } = warnings();
  // Its own delay would be half a minute.
  const sampler = samplerOn(server, { minDelay: 1e6, concurrency: 1, log });
  const signal = AbortSignal.timeout(10_000);
  const answers = await sampler.generate(CHATS, { ...OPTIONS, signal });
  assertEquals(answers.map(({ text }) => text), ANSWERS);
  assertEquals(sampler.stats.retries, 4);
  assertEquals(said, [
    `${server.url} answered 429 Too Many Requests: busy; trying again. This is said once.`,
    `${server.url} answered 503 Service Unavailable: busy; trying again. This is said once.`,
  ]);
});

Deno.test("httpSampler does not wait longer than a request may take", async () => {
  await using server = new ChatServer(() => failure(429, "slow down", { "retry-after": "3600" }));
  const { message, hint } = await failureOf(samplerOn(server));
  assertMatch(message, /429.*slow down.*come back in 3600 s/);
  assertEquals(hint, "Send fewer requests at a time");
  assertEquals(server.requests.length, 1);
});

Deno.test("httpSampler gives up on a server that always fails", async () => {
  await using server = new ChatServer(() =>
    new Response("CUDA out of memory\nTraceback (most recent call last)", { status: 500 })
  );
  const sampler = samplerOn(server, { retries: 2 });
  const { message, hint } = await failureOf(sampler);
  assertEquals(
    message,
    `Gave up after 3 tries: ${server.url} answered 500 Internal Server Error: CUDA out of memory`,
  );
  assertEquals(hint, "The server's own log says more");
  assertEquals([server.requests.length, sampler.stats.retries], [3, 2]);
});

const garbage: Record<string, Reply> = {
  "it is no JSON": () => new Response("<html>\n<body>Welcome</body></html>"),
  "it has no message with text": () => Response.json({ choices: [] }),
  'its finish_reason is "abort"': (request) => {
    const broken = completion(request) as { choices: { finish_reason: string }[] };
    broken.choices[0].finish_reason = "abort";
    return Response.json(broken);
  },
};

for (const [problem, reply] of Object.entries(garbage)) {
  Deno.test(`httpSampler counts an answer of which one has to say: ${problem}`, async () => {
    await using once = new ChatServer((request, index, never) =>
      index === 0 ? reply(request, index, never) : undefined
    );
    const patient = samplerOn(once);
    const [{ text }] = await patient.generate(CHATS.slice(0, 1), OPTIONS);
    assertEquals([text, patient.stats.badAnswers, patient.stats.retries], [ANSWERS[0], 1, 1]);

    await using always = new ChatServer(reply);
    const sampler = samplerOn(always, { retries: 1 });
    const { message, hint } = await failureOf(sampler);
    assert(message.includes(`${always.url} gave no chat completion, as ${problem}`), message);
    assertMatch(hint!, /ends in \/v1/);
    assertEquals(sampler.stats.badAnswers, 2);
  });
}

Deno.test("httpSampler leaves a server that never answers, which sees it go", async () => {
  await using server = new ChatServer((_request, _index, never) => never());
  const { message } = await failureOf(samplerOn(server, { timeout: 50, retries: 1 }));
  assertEquals(message, `Gave up after 2 tries: ${server.url} gave no answer within 0.05 s`);
  await server.close();
  assertEquals(server.cancelled, 2);
});

Deno.test("httpSampler says at once what no retry mends", async () => {
  const said = "The model's maximum context length is 4096 tokens";
  const cases = [
    [() => failure(401, "Unauthorized"), /answered 401.*Unauthorized/, /set OPENAI_API_KEY/],
    [() => failure(404, "no model 'small'"), /404.*no model/, /served there: small, large/],
    [() => failure(400, said), /400.*context length is 4096/, /longer context/],
  ] as const;
  for (const [reply, message, hint] of cases) {
    await using server = new ChatServer(reply);
    const error = await failureOf(samplerOn(server));
    assertMatch(error.message, message);
    assert(error.message.includes(server.url));
    assertMatch(error.hint!, hint);
    assertEquals(server.requests.length, 1);
  }
});

Deno.test("httpSampler says that an address without /v1 may be wrong", async () => {
  await using server = new ChatServer();
  const { message, hint } = await failureOf(
    samplerOn(server, { url: server.url.replace("/v1", "") }),
  );
  assertMatch(message, /answered 404 Not Found: no such page/);
  assertMatch(hint!, /usually ends in \/v1/);
});

Deno.test("httpSampler says that nobody listens", async () => {
  const server = new ChatServer();
  await server.close();
  const { message, hint } = await failureOf(samplerOn(server, { retries: 1 }));
  assertMatch(message, /^Gave up after 2 tries: Cannot reach http:.*refused/);
  assertMatch(hint!, /server running/);
});

Deno.test("httpSampler hangs up when it is aborted, and sends nothing more", async () => {
  const all = Promise.withResolvers<void>();
  await using server = new ChatServer((_request, _index, never) => {
    if (server.requests.length === 2) all.resolve();
    return never();
  });
  const stop = new AbortController();
  const answers = samplerOn(server, { concurrency: 2 })
    .generate(CHATS, { ...OPTIONS, signal: stop.signal });
  const failed = assertRejects(() => answers, Error, "enough");
  await all.promise;
  stop.abort(new Error("enough"));
  await failed;
  await server.close();
  assertEquals([server.cancelled, server.requests.length], [2, 2]);
});

Deno.test("httpSampler sends nothing once it is aborted", async () => {
  await using server = new ChatServer();
  const signal = AbortSignal.abort(new Error("enough"));
  const answers = () => samplerOn(server).generate(CHATS, { ...OPTIONS, signal });
  await assertRejects(answers, Error, "enough");
  assertEquals(server.requests.length, 0);
});

Deno.test("httpSampler ends the other requests when one fails", async () => {
  const both = Promise.withResolvers<void>();
  await using server = new ChatServer(async ({ messages: [{ content }] }, index, never) => {
    if (index === 1) both.resolve();
    await both.promise;
    return content === CHATS[0][0].content ? failure(400, "no") : await never();
  });
  await failureOf(samplerOn(server, { concurrency: 2 }), CHATS.slice(0, 2));
  await server.close();
  assertEquals([server.cancelled, server.requests.length], [1, 2]);
});

Deno.test("httpSampler does without log-probs where a server knows none", async () => {
  await using quiet = new ChatServer((request) =>
    Response.json(completion({ ...request, logprobs: false }))
  );
  const [answer] = await samplerOn(quiet).generate(CHATS, OPTIONS);
  assertEquals([answer.tokenIds, answer.logProbs, answer.newTokens], [[], [], 3]);

  await using strict = new ChatServer((request) =>
    "logprobs" in request ? failure(400, "Unknown field: logprobs") : undefined
  );
  const { said, log } = warnings();
  const sampler = samplerOn(strict, { log });
  for (let call = 0; call < 2; call++) {
    const answers = await sampler.generate(CHATS, OPTIONS);
    assertEquals(answers.map(({ text }) => text), ANSWERS);
    assertEquals(answers[0].logProbs, []);
  }
  assertEquals(strict.requests.slice(-5).map((request) => "logprobs" in request), [
    false,
    false,
    false,
    false,
    false,
  ]);
  assertEquals(said.length, 1);
  assertMatch(said[0], /gives no log-probs/);
});

Deno.test("httpSampler tells how an answer ended", async () => {
  await using server = new ChatServer((request) => {
    const cut = completion(request) as { choices: { finish_reason: string }[] };
    cut.choices[0].finish_reason = "length";
    return Response.json(cut);
  });
  const [{ finish }] = await samplerOn(server).generate(CHATS, OPTIONS);
  assertEquals(finish, "length");
});

Deno.test("httpSampler warns of a model that only thinks", async () => {
  await using server = new ChatServer(() =>
    Response.json({
      choices: [{ message: { content: null, reasoning_content: "Hm" }, finish_reason: "length" }],
    })
  );
  const { said, log } = warnings();
  const answers = await samplerOn(server, { log }).generate(CHATS, OPTIONS);
  assertEquals(answers.map(({ text }) => text), ["", "", "", "", ""]);
  assertEquals(said.length, 1);
  assertMatch(said[0], /reasoning/);
});

Deno.test("httpSampler finds out a server that cuts prompts", async () => {
  await using server = new ChatServer((request) =>
    Response.json({ ...completion(request), usage: { prompt_tokens: 4, completion_tokens: 1 } })
  );
  const { said, log } = warnings();
  const sampler = samplerOn(server, { log, countTokens: (messages) => words(messages).length });
  await sampler.generate([chat("a b c d"), chat("a b c d e f g h"), chat("a b c d e f")], OPTIONS);
  assertEquals(sampler.stats.cutPrompts, 2);
  assertEquals(said.length, 1);
  assertMatch(said[0], /read 4 tokens of a prompt of/);
});

Deno.test("httpSampler takes its key from the environment unless it is given one", async () => {
  await using server = new ChatServer();
  const before = Deno.env.get("OPENAI_API_KEY");
  Deno.env.set("OPENAI_API_KEY", "from outside");
  try {
    for (const apiKey of [undefined, "given", ""]) {
      const sampler = httpSampler({ url: server.url, model: "small", apiKey });
      await sampler.generate(CHATS.slice(0, 1), OPTIONS);
    }
  } finally {
    if (before === undefined) Deno.env.delete("OPENAI_API_KEY");
    else Deno.env.set("OPENAI_API_KEY", before);
  }
  assertEquals(server.keys, ["Bearer from outside", "Bearer given", null]);
});

Deno.test({
  name: "httpSampler does without a key that it may not read",
  permissions: { net: ["127.0.0.1"], env: false },
  async fn() {
    await using server = new ChatServer();
    await httpSampler({ url: server.url, model: "small" }).generate(CHATS.slice(0, 1), OPTIONS);
    assertEquals(server.keys, [null]);
  },
});

Deno.test({
  name: "httpSampler does not retry what it is not allowed to reach",
  permissions: { net: ["127.0.0.1"], env: false },
  async fn() {
    const sampler = httpSampler({ url: "http://127.0.0.2:8000/v1", model: "small" });
    await assertRejects(() => sampler.generate(CHATS, OPTIONS), Deno.errors.NotCapable);
    assertEquals(sampler.stats.retries, 0);
  },
});

Deno.test("httpSampler refuses what it cannot use", async () => {
  const make = (url: string, options: Partial<HttpSamplerOptions> = {}) =>
    httpSampler({ url, model: "small", apiKey: "", ...options });
  assertThrows(() => make("localhost:8000"), UserError, "'localhost:8000'");
  const secret = assertThrows(() => make("http://me:secret@localhost/v1"), UserError);
  assert(!secret.message.includes("secret"));
  assertThrows(() => make("http://127.0.0.1/v1", { concurrency: 0 }), RangeError);
  assertThrows(() => make("http://127.0.0.1/v1", { retries: -1 }), RangeError);
  assertEquals(make("http://127.0.0.1/v1/?key=secret").name, "small at http://127.0.0.1/v1");

  const sampler = make("http://127.0.0.1/v1");
  const refuses = (options: Parameters<Sampler["generate"]>[1], message: string) =>
    assertRejects(() => sampler.generate(CHATS, options), UserError, message);
  await refuses({ maxTokens: 0 }, "maxTokens");
  await refuses({ maxTokens: 1, temperature: -1 }, "temperature");
  await refuses({ maxTokens: 1, stop: [""] }, "stop string is empty");
});
