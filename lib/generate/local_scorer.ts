/**
 * A model in this process as a scorer.
 *
 * @module
 */

import { consecutive } from "../flow/mod.ts";
import {
  fingerprint,
  type ForwardOptions,
  type Model,
  packRow,
  RowForward,
  rowLength,
  type SequencedDocument,
  turnCount,
  withRopeTheta,
} from "../model/mod.ts";
import type { Scorer, TurnScores } from "./scorer_types.ts";

/** Options of {@linkcode localScorer}. */
export interface LocalScorerOptions extends ForwardOptions {
  /** Another base of the rotary embedding. @default {the config's} */
  ropeTheta?: number;
  /** Tokens that documents are packed up to, to be scored at once. @default {2048} */
  tokensPerRow?: number;
}

/** A model in this process that says how likely answers are. */
export class LocalScorer implements Scorer, AsyncDisposable {
  /** The model's name. */
  readonly name: string;
  /** Hash of the model's weights and configuration. */
  readonly fingerprint: string;
  /** Hash of its tokenizer and chat template. */
  readonly chatHash: string;
  readonly #model: Model;
  readonly #open: () => Promise<RowForward>;
  #forward?: Promise<RowForward>;
  #disposed = false;
  readonly #tokensPerRow: number;

  /** Use {@linkcode localScorer}. */
  constructor(model: Model, hash: string, open: () => Promise<RowForward>, tokensPerRow: number) {
    this.name = model.name;
    this.fingerprint = hash;
    this.chatHash = model.chatHash;
    this.#model = model;
    this.#open = open;
    this.#tokensPerRow = tokensPerRow;
  }

  /**
   * Scores both answers of every turn, in the order of the documents. A turn that lacks an answer
   * has 0 in its place.
   */
  async score(
    documents: readonly SequencedDocument[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<TurnScores[]> {
    const scores: TurnScores[] = [];
    for (const row of consecutive(documents, this.#tokensPerRow, rowLength)) {
      signal?.throwIfAborted();
      scores.push(...await this.#scoreRow(row, signal));
    }
    return scores;
  }

  async #scoreRow(
    documents: readonly SequencedDocument[],
    signal?: AbortSignal,
  ): Promise<TurnScores[]> {
    const row = packRow(documents);
    const { turn, rejected } = row.predictions;
    if (this.#disposed) {
      throw new TypeError(`The scorer ${this.name} was disposed and cannot score`);
    }
    // Where every pair has its log-probs already, nobody asks, and no graphs are needed.
    const forward = await (this.#forward ??= this.#open());
    const logProbs = await forward.logProbs(this.#model.parameters, row, { signal });
    const turns = row.documentOfTurn.length;
    const sums = { chosen: new Float64Array(turns), rejected: new Float64Array(turns) };
    for (let at = 0; at < turn.length; at++) {
      if (turn[at] >= 0) sums[rejected[at] ? "rejected" : "chosen"][turn[at]] += logProbs[at];
    }
    let from = 0;
    return documents.map((document) => {
      const to = from + turnCount(document);
      const part = (side: Float64Array) => Array.from(side.subarray(from, to));
      const scores = { chosen: part(sums.chosen), rejected: part(sums.rejected) };
      from = to;
      return scores;
    });
  }

  /** Frees the model's graphs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const forward = await this.#forward?.catch(() => undefined);
    this.#forward = undefined;
    await forward?.[Symbol.asyncDispose]();
  }
}

/**
 * Makes a scorer of a model. Its graphs are made ready when it is asked for the first time.
 *
 * @example Reference log-probs of a pair's answers
 * ```ts ignore
 * import { loadModel } from "@longpo/longpo/model";
 * import { localScorer } from "@longpo/longpo/generate";
 *
 * await using scorer = await localScorer(await loadModel("models/SmolLM2-135M-Instruct"));
 * const [{ chosen, rejected }] = await scorer.score([document]);
 * ```
 */
export function localScorer(
  model: Model,
  options: LocalScorerOptions = {},
): Promise<LocalScorer> {
  const { ropeTheta, tokensPerRow = 2048, ...rest } = options;
  const config = ropeTheta === undefined ? model.config : withRopeTheta(model.config, ropeTheta);
  // Another base is another model: its log-probs must not pass for those of the model's own.
  const hash = ropeTheta === undefined ? model.fingerprint : fingerprint(config, model.parameters);
  const open = () => RowForward.open(config, rest);
  return Promise.resolve(new LocalScorer(model, hash, open, tokensPerRow));
}
