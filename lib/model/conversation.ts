/**
 * Conversations as tokens.
 *
 * Prompts, answers and what lies between are tokenised apart from each other, so that the tokens
 * of a prompt are the same when the model answers it and when it is trained on the answer.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import type { Message } from "./chat.ts";
import type { ChatModel } from "./model.ts";
import { type Span, traceConversation } from "./template_trace.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A conversation as tokens, with what each is for. */
export interface ConversationTokens {
  /** `[tokens]` */
  ids: number[];
  /**
   * `[tokens]`: the assistant's turn, counted from 0, whose answer or end token it is; -1 for all
   * that the model does not write.
   */
  turnOf: number[];
  /** `[tokens]`: whether it is of a message's content rather than of the template. */
  isText: boolean[];
}

type Encode = (text: string) => number[];

/** The first piece: with the BOS token once, whoever writes it. */
function encodeStart(tokenizer: Tokenizer): Encode {
  return (text) => {
    const ids = tokenizer.encode(text);
    const bos = tokenizer.bosTokenId;
    return tokenizer.beginsWithBos && bos !== undefined && ids[0] !== bos ? [bos, ...ids] : ids;
  };
}

/** Tokenises a text as it is behind another, whose own tokens are left out. */
function encodeBehind(tokenizer: Tokenizer, before: string): Encode {
  const skipped = tokenizer.encode(before);
  return (text) => {
    const ids = tokenizer.encode(before + text);
    const isBehind = skipped.every((id, i) => ids[i] === id);
    return isBehind ? ids.slice(skipped.length) : tokenizer.encode(text);
  };
}

/**
 * An answer, as the model writes it behind `prompt`, whose last token is `last`.
 *
 * A tokenizer that implies a space would add it to a space that the template writes, and would add
 * it at the beginning of a line, where the model has never seen one. White space that the last token
 * swallowed, as Phi-3's `<|assistant|>` does a newline, begins no line.
 */
function encodeAnswer(tokenizer: Tokenizer, prompt: string, last: number | undefined): Encode {
  if (!tokenizer.impliesSpace) return (text) => tokenizer.encode(text);
  const space = prompt.slice(prompt.trimEnd().length);
  if (space === "") return (text) => tokenizer.encode(text.replace(/^ /, ""));
  const isSwallowed = last !== undefined && tokenizer.isSpecial(last);
  return encodeBehind(tokenizer, isSwallowed ? tokenizer.token(last) + space : space.slice(-1));
}

function commonLength(a: readonly number[], b: readonly number[], fromEnd: boolean): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) {
    if (fromEnd ? a.at(-1 - i) !== b.at(-1 - i) : a[i] !== b[i]) return i;
  }
  return most;
}

/** Collects pieces; a token that straddles the border of a content counts as content. */
class Collector implements ConversationTokens {
  readonly ids: number[] = [];
  readonly turnOf: number[] = [];
  readonly isText: boolean[] = [];

  constructor(readonly text: string, readonly contents: readonly Span[]) {}

  piece({ start, end }: Span, encode: Encode, turn: number) {
    const text = this.text.slice(start, end);
    const ids = encode(text);
    const isText = new Array<boolean>(ids.length).fill(false);
    for (const content of this.contents) {
      if (content.start >= end || content.end <= start || content.start === content.end) continue;
      const before = text.slice(0, content.start - start);
      const after = text.slice(content.end - start);
      const from = commonLength(ids, encode(before), false);
      const to = ids.length - (after ? commonLength(ids, encode(after), true) : 0);
      isText.fill(true, from, to);
    }
    for (const [i, id] of ids.entries()) this.token(id, turn, isText[i]);
  }

  token(id: number, turn: number, isText: boolean) {
    this.ids.push(id);
    this.turnOf.push(turn);
    this.isText.push(isText);
  }
}

function tokens(
  model: ChatModel,
  messages: readonly Message[],
  addGenerationPrompt: boolean,
): ConversationTokens {
  const { tokenizer } = model;
  const { text, contents, answers } = traceConversation(model, messages, addGenerationPrompt);
  const collector = new Collector(text, contents);
  let encode = encodeStart(tokenizer);
  let at = 0;
  for (const [turn, answer] of answers.entries()) {
    const prompt = { start: at, end: answer.text.start };
    collector.piece(prompt, encode, -1);
    const before = text.slice(at, prompt.end);
    collector.piece(answer.text, encodeAnswer(tokenizer, before, collector.ids.at(-1)), turn);
    encode = tokenizer.encode.bind(tokenizer);
    if (answer.endToken !== undefined) {
      collector.token(answer.endToken, turn, false);
      encode = encodeBehind(tokenizer, tokenizer.token(answer.endToken)!);
    }
    at = answer.end;
  }
  collector.piece({ start: at, end: text.length }, encode, -1);
  const { ids, turnOf, isText } = collector;
  return { ids, turnOf, isText };
}

/**
 * The tokens a model answers: the conversation and the header of the assistant's next turn.
 *
 * They begin with exactly one BOS token if the model uses one, and are exactly the beginning of
 * {@linkcode conversationTokens} once the answer is there.
 *
 * @throws {UserError} If the conversation does not end with a message to answer, or the model's
 * template cannot be traced.
 *
 * @example What the model sees
 * ```ts ignore
 * import { loadTextModel, promptTokens } from "@longpo/longpo/model";
 *
 * const model = await loadTextModel("models/SmolLM2-135M-Instruct");
 * const ids = promptTokens(model, [{ role: "user", content: "What is a whale?" }]);
 * console.log(model.tokenizer.decode(ids));
 * ```
 */
export function promptTokens(model: ChatModel, messages: readonly Message[]): number[] {
  const last = messages.at(-1)?.role;
  if (last === undefined || last === "assistant") {
    throw new UserError(
      `There is nothing to answer: the conversation ends with ${last ?? "nothing"}`,
      {
        hint: "End it with a user's message",
      },
    );
  }
  return tokens(model, messages, true).ids;
}

/**
 * The tokens of a conversation with its answers, and which of them the model writes.
 *
 * An answer's tokens are its text and the end token that the template closes it with, but not what
 * follows that, such as a newline.
 *
 * @throws {UserError} If the template leaves out or rewrites a message, or writes a prompt
 * differently once the conversation goes on.
 */
export function conversationTokens(
  model: ChatModel,
  messages: readonly Message[],
): ConversationTokens {
  return tokens(model, messages, false);
}
