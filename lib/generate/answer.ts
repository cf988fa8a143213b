/**
 * An answer while it grows.
 *
 * @module
 */

import type { Random } from "../flow/mod.ts";
import { endsInLoop } from "./loops.ts";
import { drawToken } from "./sampling.ts";
import type { Generation, SamplingOptions } from "./types.ts";

/** How tokens are drawn from a model, text left out. */
export interface TokenSamplingOptions extends Omit<SamplingOptions, "stop"> {
  /** Tokens that end an answer. @default {[]} */
  endTokenIds?: readonly number[];
  /** Whether an answer ends with the tokens it has; asked after each of them. */
  isFinished?: (tokenIds: readonly number[]) => boolean;
}

/** One answer as tokens. */
export type TokenGeneration = Omit<Generation, "text">;

/** The tokens of an answer so far. */
export class Answer {
  readonly tokenIds: number[] = [];
  readonly logProbs: number[] = [];
  readonly #options: TokenSamplingOptions;
  readonly #random: Random;
  readonly #seen: Set<number>;
  #finish: Generation["finish"] | undefined;

  /** An answer to a prompt, without a token yet. */
  constructor(prompt: readonly number[], options: TokenSamplingOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#seen = new Set(options.repetitionPenalty === undefined ? [] : prompt);
  }

  /** Whether no token may follow. */
  get isFinished(): boolean {
    return this.#finish !== undefined;
  }

  /**
   * Takes the next token.
   *
   * @param logits float32 `[vocabulary]`
   * @param normaliser Log of the sum of e^logit.
   */
  take(logits: Float32Array, normaliser: number): void {
    const { maxTokens, endTokenIds = [], isFinished, loopRounds = 0 } = this.#options;
    const known = { normaliser, seen: this.#seen };
    const { id, logProb } = drawToken(logits, this.#options, this.#random, known);
    this.tokenIds.push(id);
    this.logProbs.push(logProb);
    this.#seen.add(id);
    if (endTokenIds.includes(id) || isFinished?.(this.tokenIds)) this.#finish = "stop";
    else if (this.tokenIds.length >= maxTokens) this.#finish = "length";
    else if (endsInLoop(this.tokenIds, loopRounds)) this.#finish = "loop";
  }

  /** The answer as it ended. */
  get generation(): TokenGeneration {
    const { tokenIds, logProbs } = this;
    return { tokenIds, logProbs, finish: this.#finish ?? "length" };
  }
}
