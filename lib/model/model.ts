/**
 * A model in memory.
 *
 * @module
 */

import type { ChatTemplate } from "./chat.ts";
import type { ModelConfig } from "./config.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { Weights } from "./weights.ts";

/** What turns conversations into tokens: no weights in it. */
export interface ChatModel {
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** Conversations as text. */
  readonly chat: ChatTemplate;
}

/** A model with its weights in memory. */
export interface Model extends ChatModel {
  /** The folder's or file's own name, or the one on the hub: goes into records. */
  readonly name: string;
  /** Where it was read from: a Hugging Face folder, or a GGUF file. */
  readonly folder: string;
  /** The numbers of config.json. */
  readonly config: ModelConfig;
  /** The weights. */
  readonly parameters: Weights;
  /** SHA-256 over weights and config, as they were read. */
  readonly fingerprint: string;
  /** SHA-256 over template and special tokens; empty where the model has no template. */
  readonly chatHash: string;
}
