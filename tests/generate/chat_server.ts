import type { Message } from "../../lib/model/mod.ts";

/** A chat request as it came in. */
export interface ChatRequest {
  model: string;
  messages: Message[];
  logprobs?: boolean;
  [field: string]: unknown;
}

/**
 * How a test wants a request answered; undefined leaves it to {@linkcode completion}, and `never`
 * waits until the other side hangs up.
 */
export type Reply = (
  request: ChatRequest,
  index: number,
  never: () => Promise<Response>,
) => Response | undefined | Promise<Response | undefined>;

/** The words of a conversation: what this server takes for tokens. */
export function words(messages: readonly Message[]): string[] {
  return messages.flatMap(({ content }) => content.split(" "));
}

/** What a server says that knows log-probs and token ids: the last message backwards. */
export function completion({ model, messages, logprobs }: ChatRequest): Record<string, unknown> {
  const answer = messages.at(-1)!.content.split(" ").reverse();
  const content = answer.map((token, at) => ({ token, logprob: -(at + 1), id: token.length }));
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    model,
    choices: [{
      index: 0,
      message: { role: "assistant", content: answer.join(" ") },
      logprobs: logprobs ? { content } : null,
      finish_reason: "stop",
    }],
    usage: { prompt_tokens: words(messages).length, completion_tokens: answer.length },
  };
}

/** An OpenAI-compatible server on this machine that remembers what it was asked. */
export class ChatServer implements AsyncDisposable {
  readonly url: string;
  /** Requests in the order in which they came. */
  readonly requests: ChatRequest[] = [];
  readonly keys: (string | null)[] = [];
  /** Most requests at work at the same time. */
  busiest = 0;
  /** Requests that were given up before their answer. */
  cancelled = 0;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #reply: Reply;
  #atWork = 0;

  constructor(reply: Reply = () => undefined) {
    this.#reply = reply;
    const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
    this.#server = Deno.serve(options, (request) => this.#answer(request));
    this.url = `http://127.0.0.1:${this.#server.addr.port}/v1`;
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/models") {
      return Response.json({ object: "list", data: [{ id: "small" }, { id: "large" }] });
    }
    if (pathname !== "/v1/chat/completions") return new Response("no such page", { status: 404 });
    const index = this.keys.push(request.headers.get("authorization")) - 1;
    this.busiest = Math.max(this.busiest, ++this.#atWork);
    try {
      const asked: ChatRequest = await request.json();
      this.requests.push(asked);
      const response = await this.#reply(asked, index, () => this.#never(request));
      return response ?? Response.json(completion(asked));
    } finally {
      this.#atWork--;
    }
  }

  #never({ signal }: Request): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>();
    signal.addEventListener("abort", () => {
      this.cancelled++;
      resolve(new Response());
    }, { once: true });
    return promise;
  }

  /** Ends once every request is answered or given up. */
  async close(): Promise<void> {
    await this.#server.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** An error as vLLM and others say it. */
export function failure(status: number, message: string, headers?: HeadersInit): Response {
  return Response.json({ error: { message, type: "error", code: status } }, { status, headers });
}
