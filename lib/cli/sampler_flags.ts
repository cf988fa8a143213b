/**
 * The flags of a server that writes in place of the model.
 *
 * @module
 */

import type { Logger } from "../flow/mod.ts";
import { type HttpSampler, httpSampler } from "../generate/mod.ts";
import { type Model, promptTokens } from "../model/mod.ts";
import { type Flag, number, string } from "./flag.ts";
import type { ChatOptions } from "./chat_flags.ts";
import { UsageError } from "./usage_error.ts";

/** Flags of who writes questions and answers, where it is not the model itself. */
export const samplerFlags = {
  sampler: string({
    summary: "OpenAI-compatible server that writes in place of the model, such as " +
      "http://127.0.0.1:8000/v1; a key is taken from OPENAI_API_KEY",
    value: "url",
  }),
  samplerModel: string({ summary: "The model's name on that server", value: "name" }),
  samplerConcurrency: number({
    summary: "Requests that the server gets at the same time",
    integer: true,
    min: 1,
    default: 8,
  }),
} as const satisfies Record<string, Flag<unknown>>;

/** What those flags hold. */
export interface SamplerValues {
  /** Base address of the server. */
  sampler?: string;
  /** The model's name on it. */
  samplerModel?: string;
  /** Most requests at the same time. */
  samplerConcurrency: number;
  /** What the server is to say first, and to tell its chat template. @default {nothing} */
  chat?: ChatOptions;
}

/**
 * The server that writes in place of a model; undefined where the model writes itself.
 *
 * @param model Scores what the server writes, and tells how long the prompts are.
 * @throws {UsageError} If only one of address and name was given.
 */
export function samplerOf(
  { sampler: url, samplerModel: name, samplerConcurrency: concurrency, chat }: SamplerValues,
  model: Model,
  log: Logger,
): HttpSampler | undefined {
  if (url === undefined && name === undefined) return undefined;
  if (name === undefined) {
    throw new UsageError("Missing --sampler-model <name>: which of the server's models writes?");
  }
  if (url === undefined) {
    throw new UsageError(`Missing --sampler <url>: which server has the model '${name}'?`);
  }
  const countTokens: Parameters<typeof httpSampler>[0]["countTokens"] = (conversation) =>
    promptTokens(model, conversation).length;
  const { systemPrompt, chatTemplateKwargs } = chat ?? {};
  const extra = chatTemplateKwargs && { chat_template_kwargs: chatTemplateKwargs };
  const own = { systemPrompt, extra };
  const sampler = httpSampler({ url, model: name, concurrency, countTokens, log, ...own });
  log.info(`${sampler.name} writes; the reference log-probs are those of ${model.name} here`);
  return sampler;
}
