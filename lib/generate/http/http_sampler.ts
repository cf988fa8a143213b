/**
 * A model behind an OpenAI-compatible server as a sampler.
 *
 * @module
 */

import { createContext, type Logger, map, open, retry, type Stage } from "../../flow/mod.ts";
import type { Message } from "../../model/mod.ts";
import type { Generation, Sampler, SamplingOptions } from "../types.ts";
import { keyFromEnvironment } from "./api_key.ts";
import { type ChatAnswer, chatAnswer } from "./chat_answer.ts";
import { samplingFields } from "./chat_request.ts";
import { type Endpoint, endpointOf } from "./endpoint.ts";
import { explained } from "./explained.ts";
import { Gate } from "./gate.ts";
import { type HttpSamplerStats, noHttpStats } from "./http_stats.ts";
import { post } from "./post.ts";
import { putOff, RequestError } from "./request_error.ts";
import { warnOnce } from "./warn_once.ts";

/** Options of {@linkcode httpSampler}. */
export interface HttpSamplerOptions {
  /** Base address of the interface, such as `http://127.0.0.1:8000/v1`. */
  url: string;
  /** The model, by the name under which it is served. */
  model: string;
  /**
   * Key that goes with every request; an empty one sends none.
   * @default {the environment variable OPENAI_API_KEY, where it may be read}
   */
  apiKey?: string;
  /** Most requests at the same time, over all calls. @default {8} */
  concurrency?: number;
  /** Most milliseconds for one answer, and for a wait that the server asks for. @default {600_000} */
  timeout?: number;
  /** How often a request that may work later is sent again. @default {5} */
  retries?: number;
  /** Milliseconds before the first of these; they double up to 30 s. @default {500} */
  minDelay?: number;
  /** Said first, in conversations that have no system prompt of their own. */
  systemPrompt?: string;
  /** Further fields of every request, such as `{ min_p: 0 }`. */
  extra?: Readonly<Record<string, unknown>>;
  /**
   * Counts a conversation's tokens, the chat template included. With it a server is found out that
   * reads less than it was sent.
   */
  countTokens?: (conversation: readonly Message[]) => number;
  /** Told of the first retry, and once of each thing that a person should look at. */
  log?: Pick<Logger, "warn">;
}

/** A conversation on its way to the server. */
interface Request {
  messages: readonly Message[];
  fields: Readonly<Record<string, unknown>>;
}

/** A server that reads less than this share of a prompt's tokens has cut it; tokenizers differ less. */
const WHOLE = 0.8;

/** A model behind a server that answers chats. */
export class HttpSampler implements Sampler {
  /** The model's name, and where it is served. */
  readonly name: string;
  /** Most requests at the same time. */
  readonly concurrency: number;
  readonly #options: HttpSamplerOptions;
  readonly #endpoint: Endpoint;
  readonly #timeout: number;
  readonly #gate: Gate;
  readonly #answers: Stage<Request, Generation>;
  readonly #stats = noHttpStats();
  readonly #warnOnce: (about: string, message: string) => void;
  #wantsLogProbs = true;

  /** Use {@linkcode httpSampler}. */
  constructor(options: HttpSamplerOptions) {
    const { url, model, apiKey = keyFromEnvironment(), concurrency = 8, retries = 5 } = options;
    this.#options = options;
    this.#endpoint = endpointOf(url, apiKey);
    this.#timeout = options.timeout ?? 600_000;
    this.name = `${model} at ${this.#endpoint.shown}`;
    this.concurrency = concurrency;
    this.#gate = new Gate(concurrency);
    this.#warnOnce = warnOnce(options.log);
    const ask = retry((request: Request, { signal }) => this.#attempt(request, signal), {
      tries: retries + 1,
      minDelay: options.minDelay,
      when: (error) => error instanceof RequestError && error.mayPass,
      delay: (error) => this.#delay(error as RequestError),
    });
    this.#answers = map(async (request: Request, context, index) => {
      // What waits to be sent again keeps its place: others need not ask a busy server meanwhile.
      using _place = await this.#gate.enter(context.signal);
      return await ask(request, context, index);
    }, { concurrency });
  }

  /** What was done so far. */
  get stats(): Readonly<HttpSamplerStats> {
    return this.#stats;
  }

  /**
   * Answers conversations, in their order; they are sent in it too, so that a server that keeps
   * what prompts share finds those on one document together.
   *
   * `logProbs` are what the server gives for them, `tokenIds` are there where it tells them; both
   * are empty otherwise.
   *
   * @throws {UserError} If an option cannot be used, or if the server cannot be reached, refuses
   * the request, or does not give an answer that can be used. The other requests are ended then.
   */
  async generate(
    conversations: readonly (readonly Message[])[],
    { signal, ...sampling }: SamplingOptions,
  ): Promise<Generation[]> {
    const fields = samplingFields(sampling);
    if (sampling.loopRounds) {
      this.#warnOnce("loops", `${this.name} does not end answers in loops: they go to maxTokens`);
    }
    const requests = conversations.map((messages) => ({ messages, fields }));
    const context = createContext({
      signal,
      meter: { drop() {}, count: () => this.#stats.retries++ },
    });
    try {
      return await Array.fromAsync(this.#answers(open(requests, context), context));
    } catch (error) {
      throw await explained(error, this.#endpoint);
    }
  }

  async #attempt(request: Request, signal: AbortSignal): Promise<Generation> {
    const wantsLogProbs = this.#wantsLogProbs;
    const { model, extra } = this.#options;
    const { messages, fields } = request;
    const logProbs = wantsLogProbs ? { logprobs: true } : {};
    this.#stats.requests++;
    try {
      const json = { model, messages: this.#begun(messages), ...fields, ...logProbs, ...extra };
      const body = await post(this.#endpoint, "chat/completions", json, {
        signal,
        timeout: this.#timeout,
      });
      const answer = chatAnswer(body, this.#endpoint);
      this.#count(answer, messages);
      return answer.generation;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.isBadAnswer) this.#stats.badAnswers++;
      if (error.mayPass && (error.retryAfter ?? 0) > this.#timeout) {
        throw putOff(this.#endpoint, error, this.#timeout);
      }
      if (!wantsLogProbs || !error.refuses("logprobs")) throw error;
      this.#wantsLogProbs = false;
      this.#warnOnce("logprobs", `${this.name} gives no log-probs: answers come without`);
      return await this.#attempt(request, signal);
    }
  }

  #begun(messages: readonly Message[]): readonly Message[] {
    const { systemPrompt } = this.#options;
    if (systemPrompt === undefined || messages[0]?.role === "system") return messages;
    return [{ role: "system", content: systemPrompt }, ...messages];
  }

  #count(
    { generation, promptTokens, onlyThought }: ChatAnswer,
    messages: readonly Message[],
  ): void {
    const { countTokens } = this.#options;
    this.#stats.newTokens += generation.newTokens ?? 0;
    this.#stats.promptTokens += promptTokens ?? 0;
    if (onlyThought) {
      this.#warnOnce(
        "thought",
        `${this.name} used up its tokens on reasoning and gave an empty answer: allow more tokens, ` +
          "or serve the model without reasoning",
      );
    }
    if (promptTokens === undefined || countTokens === undefined) return;
    const sent = countTokens(messages);
    if (promptTokens >= WHOLE * sent) return;
    this.#stats.cutPrompts++;
    this.#warnOnce(
      "cut",
      `${this.name} read ${promptTokens} tokens of a prompt of ${sent}: it has another tokenizer, ` +
        "or cuts long prompts. Serve it with a longer context then (Ollama: OLLAMA_CONTEXT_LENGTH)",
    );
  }

  #delay(error: RequestError): number | undefined {
    this.#warnOnce(`retry ${error.status}`, `${error.message}; trying again`);
    return error.retryAfter;
  }
}

/**
 * Makes a sampler of a model that is served by vLLM, SGLang, llama.cpp, Ollama or whatever else
 * has OpenAI's `POST /chat/completions`.
 *
 * Requests that time out, are refused for the moment (408, 409, 429, 5xx) or meet no server are
 * sent again with growing delays, or when the server's `Retry-After` says.
 *
 * What a request leaves open is the server's to choose. llama.cpp draws with `top_k` 40 and `min_p`
 * 0.05 of its own, and vLLM with what the model's `generation_config.json` says: `extra` overrules
 * both. Ollama cuts prompts that are longer than its context without an error: give `countTokens`.
 *
 * @throws {UserError} If the address is none.
 * @throws {RangeError} If `concurrency` or `retries` is no number of requests.
 *
 * @example Ask a server on this machine
 * ```ts
 * import { httpSampler } from "@longpo/longpo/generate";
 *
 * const sampler = httpSampler({ url: "http://127.0.0.1:8000/v1", model: "Qwen/Qwen2.5-7B" });
 * console.log(sampler.name); // Qwen/Qwen2.5-7B at http://127.0.0.1:8000/v1
 * ```
 */
export function httpSampler(options: HttpSamplerOptions): HttpSampler {
  return new HttpSampler(options);
}
