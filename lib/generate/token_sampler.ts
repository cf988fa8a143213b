/**
 * Token prompts in, answers out: a model with a cache.
 *
 * @module
 */

import { consecutive, Random, UserError } from "../flow/mod.ts";
import {
  documentLengths,
  type ForwardOptions,
  type ModelConfig,
  type Parameters,
  ropeGrows,
  type Weights,
  widened,
} from "../model/mod.ts";
import { Answer, type TokenGeneration, type TokenSamplingOptions } from "./answer.ts";
import { CachedForward, type ForwardWeights, forwardWeights } from "./cached_forward.ts";
import { type Cluster, clusterLength, clusterPrompts } from "./clusters.ts";
import { KeyValueCache } from "./key_value_cache.ts";
import { noStats, type SamplerStats } from "./sampler_stats.ts";
import { checkLoopRounds } from "./loops.ts";
import { checkRules } from "./sampling.ts";
import { emptyRow, prefillPieces, promptRow, type RowEnd, rowPart } from "./token_row.ts";

/** How much a sampler computes at once: memory and speed, never results. */
export interface TokenSamplerOptions extends ForwardOptions {
  /** Most prompt tokens that are computed at once. @default {256} */
  prefillTokens?: number;
  /**
   * Bytes that the scores of such tokens may take: far into a long document fewer are computed at
   * once, down to 32. Three arrays of this size are held. @default {134_217_728}
   */
  scoreBytes?: number;
  /** Tokens that documents are put together up to, to be answered side by side. @default {2048} */
  batchTokens?: number;
  /** Tokens that questions on a document may take before they outgrow it. @default {256} */
  branchTokens?: number;
}

type Sizes = Required<Omit<TokenSamplerOptions, keyof ForwardOptions>>;

function sizesOf(options: TokenSamplerOptions): Sizes {
  const { prefillTokens = 256, scoreBytes = 2 ** 27, batchTokens = 2048, branchTokens = 256 } =
    options;
  const sizes = { prefillTokens, scoreBytes, batchTokens, branchTokens };
  for (const [name, size] of Object.entries(sizes)) {
    if (!(size >= 1)) throw new RangeError(`${name} must be at least 1, not ${size}`);
  }
  return sizes;
}

/** An answer and where its next token goes. */
interface OpenAnswer extends RowEnd {
  answer: Answer;
}

/** Randomness of each prompt: of its own tokens, and how often they were there before. */
function randomOf(prompts: readonly (readonly number[])[], seed: number): Random[] {
  const run = new Random(seed);
  const seen = new Map<string, number>();
  return prompts.map((prompt) => {
    const key = prompt.join(" ");
    const occurrence = seen.get(key) ?? 0;
    seen.set(key, occurrence + 1);
    return run.fork(key, occurrence);
  });
}

function checkPrompts(prompts: readonly (readonly number[])[], vocabSize: number): void {
  for (const [index, prompt] of prompts.entries()) {
    if (prompt.length === 0) throw new UserError(`Prompt ${index + 1} is empty`);
    const strange = prompt.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
    if (strange !== undefined) {
      throw new UserError(`Prompt ${index + 1} holds ${strange}, which is no token of the model`, {
        hint: `Its tokens are the whole numbers from 0 to ${vocabSize - 1}`,
      });
    }
  }
}

/**
 * Answers token prompts. Prompts that follow each other and begin alike share that beginning's
 * computation; each answer is what the prompt would get alone.
 *
 * @example Three tokens of a model that has learnt nothing yet
 * ```ts
 * import { TokenSampler } from "@longpo/longpo/generate";
 * import { parseConfig, randomParameters } from "@longpo/longpo/model";
 *
 * const config = parseConfig({
 *   model_type: "llama",
 *   vocab_size: 16,
 *   hidden_size: 8,
 *   intermediate_size: 16,
 *   num_hidden_layers: 1,
 *   num_attention_heads: 2,
 *   max_position_embeddings: 32,
 * });
 * await using sampler = await TokenSampler.open(config, randomParameters(config, 1));
 * const [{ tokenIds }] = await sampler.generate([[1, 2, 3]], { maxTokens: 3 });
 * console.log(tokenIds.length); // 3
 * ```
 */
export class TokenSampler implements AsyncDisposable {
  readonly #config: ModelConfig;
  readonly #parameters: Parameters;
  readonly #forward: CachedForward;
  readonly #sizes: Sizes;
  readonly #stats = noStats();
  /** Calls take turns: each alone has the memory. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    config: ModelConfig,
    parameters: Parameters,
    forward: CachedForward,
    sizes: Sizes,
  ) {
    this.#config = config;
    this.#parameters = parameters;
    this.#forward = forward;
    this.#sizes = sizes;
  }

  /**
   * Makes a model's graphs ready. Its weights are read anew at every call, but those in 16 bits: of
   * them float32 copies are made now, and read.
   *
   * @throws {RangeError} If nothing is to be computed at once.
   */
  static async open(
    config: ModelConfig,
    weights: Weights,
    options: TokenSamplerOptions = {},
  ): Promise<TokenSampler> {
    const sizes = sizesOf(options);
    const forward = await CachedForward.open(config, options);
    return new TokenSampler(config, widened(weights), forward, sizes);
  }

  /** What was done so far. */
  get stats(): Readonly<SamplerStats> {
    return { ...this.#stats };
  }

  /**
   * Answers prompts, in their order.
   *
   * @param prompts `[prompts][tokens]`, none empty.
   * @throws {UserError} If a prompt or an option cannot be used.
   */
  generate(
    prompts: readonly (readonly number[])[],
    options: TokenSamplingOptions,
  ): Promise<TokenGeneration[]> {
    const run = this.#turn.then(() => this.#generate(prompts, options));
    this.#turn = run.catch(() => {});
    return run;
  }

  async #generate(
    prompts: readonly (readonly number[])[],
    options: TokenSamplingOptions,
  ): Promise<TokenGeneration[]> {
    options.signal?.throwIfAborted();
    checkRules(options);
    checkPrompts(prompts, this.#config.vocabSize);
    if (!(Number.isSafeInteger(options.maxTokens) && options.maxTokens > 0)) {
      throw new UserError(`maxTokens must be a positive whole number, not ${options.maxTokens}`);
    }
    checkLoopRounds(options.loopRounds);
    const answers = randomOf(prompts, options.seed ?? 0)
      .map((own, index) => new Answer(prompts[index], options, own));
    const weights = forwardWeights(this.#config, this.#parameters);
    const clusters = this.#clusters(prompts);
    const batches = consecutive(clusters, this.#sizes.batchTokens, clusterLength);
    const started = performance.now();
    for (const [index, batch] of batches.entries()) {
      const cache = this.#cacheFor(batch, options.maxTokens);
      let open = await this.#prefill(weights, cache, batch, answers, options.signal);
      if (index === 0) this.#countCall((performance.now() - started) / 1000);
      while (open.length > 0) open = await this.#step(weights, cache, open, options.signal);
    }
    for (const { length } of prompts) this.#stats.promptTokens += length;
    for (const { tokenIds } of answers) this.#stats.newTokens += tokenIds.length;
    return answers.map(({ generation }) => generation);
  }

  #countCall(secondsToFirstToken: number): void {
    const stats = this.#stats;
    stats.calls++;
    stats.secondsToFirstToken += (secondsToFirstToken - stats.secondsToFirstToken) / stats.calls;
  }

  /** Prompts that begin alike together, unless their ends change how their beginning is computed. */
  #clusters(prompts: readonly (readonly number[])[]): Cluster[] {
    if (!ropeGrows(this.#config)) return clusterPrompts(prompts, this.#sizes);
    return prompts.map((tokens, prompt) => ({ trunk: [], branches: [{ prompt, tokens }] }));
  }

  /** Room for prompts and answers; an answer's last token is not computed any more. */
  #cacheFor(batch: readonly Cluster[], maxTokens: number): KeyValueCache {
    const capacity = batch.reduce(
      (sum, cluster) => sum + clusterLength(cluster) + cluster.branches.length * (maxTokens - 1),
      0,
    );
    return new KeyValueCache(this.#config, capacity);
  }

  /** Computes prompts piece by piece and takes every answer's first token. */
  async #prefill(
    weights: ForwardWeights,
    cache: KeyValueCache,
    clusters: readonly Cluster[],
    answers: readonly Answer[],
    signal?: AbortSignal,
  ): Promise<OpenAnswer[]> {
    const started = performance.now();
    const { hiddenSize, headCount } = this.#config;
    const { row, ends } = promptRow(clusters);
    const lengths = documentLengths(row);
    const last = new Float32Array(ends.length * hiddenSize);
    const { prefillTokens, scoreBytes } = this.#sizes;
    const pairs = scoreBytes / (headCount * Float32Array.BYTES_PER_ELEMENT);
    for (const { from, to, since } of prefillPieces(clusters, prefillTokens, pairs)) {
      const part = rowPart(row, from, to);
      const options = { since, lengths: lengths.subarray(from, to), signal };
      const hidden = await this.#forward.hidden(weights, cache, part, options);
      for (const [index, end] of ends.entries()) {
        if (end.last < from || end.last >= to) continue;
        const at = (end.last - from) * hiddenSize;
        last.set(hidden.subarray(at, at + hiddenSize), index * hiddenSize);
      }
    }
    const open = ends.map((end) => ({ ...end, answer: answers[end.prompt] }));
    await this.#take(weights, last, open);
    this.#stats.computedPromptTokens += row.tokens.length;
    this.#stats.prefillSeconds += (performance.now() - started) / 1000;
    return open.filter(({ answer }) => !answer.isFinished);
  }

  /** Computes the newest token of every open answer and takes its next. */
  async #step(
    weights: ForwardWeights,
    cache: KeyValueCache,
    open: readonly OpenAnswer[],
    signal?: AbortSignal,
  ): Promise<OpenAnswer[]> {
    const started = performance.now();
    const row = emptyRow(open.length);
    for (const [at, { answer, document, branch, position }] of open.entries()) {
      row.tokens[at] = answer.tokenIds.at(-1)!;
      row.document[at] = document;
      row.branch[at] = branch;
      row.position[at] = position + answer.tokenIds.length - 1;
    }
    const lengths = row.position.map((position) => position + 1);
    const hidden = await this.#forward.hidden(weights, cache, row, { lengths, signal });
    await this.#take(weights, hidden, open);
    this.#stats.decodeSeconds += (performance.now() - started) / 1000;
    return open.filter(({ answer }) => !answer.isFinished);
  }

  async #take(
    weights: ForwardWeights,
    hidden: Float32Array<ArrayBuffer>,
    open: readonly OpenAnswer[],
  ): Promise<void> {
    const { vocabSize } = this.#config;
    const { logits, normalisers } = await this.#forward.logits(weights, hidden);
    for (const [index, { answer }] of open.entries()) {
      const own = logits.subarray(index * vocabSize, (index + 1) * vocabSize);
      answer.take(own, normalisers[index]);
    }
  }

  /** Frees the model's graphs once running calls are through. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#forward[Symbol.asyncDispose]();
  }
}
