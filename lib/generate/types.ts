import type { Message } from "../model/mod.ts";

/** How text is drawn from a model. */
export interface SamplingOptions {
  /** Most new tokens of an answer. */
  maxTokens: number;
  /** 0 takes the likeliest token. @default {0} */
  temperature?: number;
  /** Keeps the likeliest tokens whose probabilities sum to this. @default {1} */
  topP?: number;
  /** Keeps this many of the likeliest tokens; 0 keeps all. @default {0} */
  topK?: number;
  /**
   * Makes tokens of the prompt and of the answer so far less likely, as transformers' option of that
   * name does: above 1 they lose, and facts that an answer should copy from a document with them.
   * @default {1}
   */
  repetitionPenalty?: number;
  /**
   * Ends an answer that says the same tokens this many times in a row, 24 tokens or more in all; 0
   * lets it go on. @default {0}
   */
  loopRounds?: number;
  /** Strings that end an answer and are cut from it. */
  stop?: readonly string[];
  /** Same seed, same prompts: same text. @default {0} */
  seed?: number;
  /** Stops between two tokens. */
  signal?: AbortSignal;
}

/** One answer of a sampler. */
export interface Generation {
  /** The answer, special tokens and stop strings left out. */
  text: string;
  /**
   * Its tokens, the end token included where the model wrote one. Empty where a server does not
   * tell them.
   */
  tokenIds: number[];
  /**
   * Natural log-probability of each token under the unmodified model distribution. Empty where a
   * server does not tell them.
   */
  logProbs: number[];
  /** How many tokens it has, where somebody else counted them. @default {tokenIds.length} */
  newTokens?: number;
  /** Why it ended: the model's end token or a stop string, `maxTokens`, or `loopRounds`. */
  finish: "stop" | "length" | "loop";
}

/** Something that answers chats: a model here, or one behind HTTP. */
export interface Sampler {
  /** Goes into records: which model wrote this. */
  readonly name: string;
  /**
   * Answers a batch of conversations, each ending in a user's turn; answers come in their order.
   * Conversations that begin with the same long document share its computation.
   */
  generate(
    conversations: readonly (readonly Message[])[],
    options: SamplingOptions,
  ): Promise<Generation[]>;
}
