/**
 * A chat completion as an answer.
 *
 * @module
 */

import type { Generation } from "../types.ts";
import type { Endpoint } from "./endpoint.ts";
import { badAnswer } from "./request_error.ts";

/** A chat completion: what is looked at, of which nothing is certain. */
interface ChatCompletion {
  choices?: (Choice | null)[];
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } | null;
}

interface Choice {
  finish_reason?: unknown;
  message?: { content?: unknown; reasoning_content?: unknown; reasoning?: unknown } | null;
  logprobs?: { content?: { logprob?: unknown; id?: unknown }[] } | null;
  token_ids?: unknown;
}

/** An answer and what the server counted. */
export interface ChatAnswer {
  generation: Generation;
  /** Tokens of the prompt as the server read it, where it says so. */
  promptTokens?: number;
  /** Whether the model only thought and never came to its answer. */
  onlyThought: boolean;
}

/** How an answer ends that was broken off by the server. */
const BROKEN_OFF: readonly unknown[] = ["abort", "error"];

/**
 * Reads a chat completion.
 *
 * @throws {RequestError} If the body is none.
 */
export function chatAnswer(body: string, endpoint: Endpoint): ChatAnswer {
  const completion = parsed(body, endpoint);
  const choice = completion?.choices?.[0];
  const message = choice?.message;
  const content = message?.content ?? "";
  if (choice == null || message == null || typeof content !== "string") {
    throw badAnswer(endpoint, "it has no message with text", body);
  }
  const { finish_reason: finish } = choice;
  if (typeof finish !== "string" || BROKEN_OFF.includes(finish)) {
    throw badAnswer(endpoint, `its finish_reason is ${JSON.stringify(finish)}`, body);
  }
  const logProbs = numbers(choice.logprobs?.content?.map?.(({ logprob }) => logprob));
  const tokenIds = numbers(choice.token_ids ?? choice.logprobs?.content?.map?.(({ id }) => id));
  const { prompt_tokens: promptTokens, completion_tokens: newTokens } = completion?.usage ?? {};
  return {
    generation: {
      text: content,
      tokenIds,
      logProbs,
      finish: finish === "length" ? "length" : "stop",
      newTokens: typeof newTokens === "number" ? newTokens : undefined,
    },
    promptTokens: typeof promptTokens === "number" ? promptTokens : undefined,
    onlyThought: content === "" && Boolean(message.reasoning_content ?? message.reasoning),
  };
}

function parsed(body: string, endpoint: Endpoint): ChatCompletion | null {
  try {
    return JSON.parse(body);
  } catch {
    throw badAnswer(endpoint, "it is no JSON", body);
  }
}

/** The values if all are numbers; none otherwise. */
function numbers(values: unknown): number[] {
  const isAll = Array.isArray(values) && values.every((value) => Number.isFinite(value));
  return isAll ? values : [];
}
