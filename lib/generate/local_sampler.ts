/**
 * A model in this process as a sampler.
 *
 * @module
 */

import { type Logger, UserError } from "../flow/mod.ts";
import { type Message, type Model, promptTokens, withRopeTheta } from "../model/mod.ts";
import type { TokenGeneration, TokenSamplingOptions } from "./answer.ts";
import type { SamplerStats } from "./sampler_stats.ts";
import { cutAtStop, stopFinder } from "./stop_strings.ts";
import { TokenSampler, type TokenSamplerOptions } from "./token_sampler.ts";
import type { Generation, Sampler, SamplingOptions } from "./types.ts";

/** Options of {@linkcode localSampler}. */
export interface LocalSamplerOptions extends TokenSamplerOptions {
  /** Another base of the rotary embedding. @default {the config's} */
  ropeTheta?: number;
  /** Told once when a prompt is longer than the model was trained for. */
  log?: Pick<Logger, "warn">;
}

/** A model in this process that answers chats. */
export class LocalSampler implements Sampler, AsyncDisposable {
  /** The model's name. */
  readonly name: string;
  readonly #model: Model;
  readonly #tokens: TokenSampler;
  readonly #log?: Pick<Logger, "warn">;
  #hasWarned = false;

  /** Use {@linkcode localSampler}. */
  constructor(model: Model, tokens: TokenSampler, log?: Pick<Logger, "warn">) {
    this.name = model.name;
    this.#model = model;
    this.#tokens = tokens;
    this.#log = log;
  }

  /** What was done so far. */
  get stats(): Readonly<SamplerStats> {
    return this.#tokens.stats;
  }

  /**
   * Answers conversations, in their order.
   *
   * @throws {UserError} If a conversation or an option cannot be used, or if the weights are no
   * finite numbers.
   */
  async generate(
    conversations: readonly (readonly Message[])[],
    { stop = [], ...options }: SamplingOptions,
  ): Promise<Generation[]> {
    if (stop.includes("")) throw new UserError("A stop string is empty: it would end every answer");
    const { tokenizer } = this.#model;
    const decode = (ids: readonly number[]) => tokenizer.decode(ids, { skipSpecial: true });
    const prompts = conversations.map((messages) => promptTokens(this.#model, messages));
    const answers = await this.generateTokens(prompts, {
      ...options,
      endTokenIds: tokenizer.eosTokenIds,
      isFinished: stopFinder(decode, stop),
    });
    return answers.map((answer) => {
      const text = decode(answer.tokenIds);
      return { text: cutAtStop(text, stop) ?? text, ...answer };
    });
  }

  /**
   * Answers prompts that are tokens already, in their order; without `endTokenIds` an answer goes
   * on to `maxTokens`.
   *
   * @throws {UserError} If a prompt or an option cannot be used.
   */
  generateTokens(
    prompts: readonly (readonly number[])[],
    options: TokenSamplingOptions,
  ): Promise<TokenGeneration[]> {
    this.#warnOfLength(prompts);
    return this.#tokens.generate(prompts, options);
  }

  #warnOfLength(prompts: readonly (readonly number[])[]): void {
    const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
    const { maxPositions } = this.#model.config;
    if (this.#hasWarned || longest <= maxPositions) return;
    this.#hasWarned = true;
    this.#log?.warn(
      `A prompt has ${longest} tokens, but ${this.name} was trained for ${maxPositions}: ` +
        "its answers may be poor. This is said once.",
    );
  }

  /** Frees the model's graphs once running calls are through. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#tokens[Symbol.asyncDispose]();
  }
}

/**
 * Makes a sampler of a model. The model's weights are read anew at every call, so that a model that
 * is being trained writes with what it has learnt.
 *
 * @throws {UserError} If the device cannot be used.
 *
 * @example Two questions on one document, which is computed once
 * ```ts ignore
 * import { loadModel } from "@longpo/longpo/model";
 * import { localSampler } from "@longpo/longpo/generate";
 *
 * const model = await loadModel("models/SmolLM2-135M-Instruct");
 * await using sampler = await localSampler(model);
 * const story = await Deno.readTextFile("story.txt");
 * const ask = (question: string) => [{ role: "user" as const, content: `${story}\n\n${question}` }];
 * const answers = await sampler.generate([ask("Who is lost?"), ask("Where?")], { maxTokens: 32 });
 * for (const { text } of answers) console.log(text);
 * ```
 */
export async function localSampler(
  model: Model,
  options: LocalSamplerOptions = {},
): Promise<LocalSampler> {
  const { ropeTheta, log, ...rest } = options;
  const config = ropeTheta === undefined ? model.config : withRopeTheta(model.config, ropeTheta);
  return new LocalSampler(model, await TokenSampler.open(config, model.parameters, rest), log);
}
