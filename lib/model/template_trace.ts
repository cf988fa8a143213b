/**
 * Where in a rendered conversation its contents, prompts and answers lie.
 *
 * Nothing is searched for in the contents: the template is asked, by rendering the conversation's
 * beginnings, and the same conversation with marks in place of its contents.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import type { ChatTemplate, Message } from "./chat.ts";
import type { ChatModel } from "./model.ts";
import { strip, stripEnd, stripStart } from "./python_strip.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A stretch of a text, in UTF-16 units. */
export interface Span {
  /** The first unit. */
  readonly start: number;
  /** One past the last. */
  readonly end: number;
}

/** An answer within a rendered conversation. */
export interface AnswerTrace {
  /** From the end of the generation header to the end mark; holds the content. */
  readonly text: Span;
  /** The token that ends it; absent where the template writes none. */
  readonly endToken?: number;
  /** One past the end mark. */
  readonly end: number;
}

/** A rendered conversation and its parts. */
export interface ConversationTrace {
  /** All of it, as the template writes it. */
  readonly text: string;
  /** The contents of all messages, in their order. */
  readonly contents: readonly Span[];
  /** The assistant's answers, in their order. */
  readonly answers: readonly AnswerTrace[];
}

/** Private-use characters: no template asks about them, none writes them itself. */
function mark(index: number): string {
  return `\uE000${index}\uE001`;
}

function leavesOut(chat: ChatTemplate, index: number, role: string): UserError {
  return new UserError(
    `The chat template in ${chat.path} leaves out message ${index} (${role}), or puts it elsewhere`,
    role === "system" ? { hint: "Say it at the beginning of the user's first message" } : {},
  );
}

/** What the template writes around the contents: one literal more than there are messages. */
function literals(
  chat: ChatTemplate,
  messages: readonly Message[],
  addGenerationPrompt: boolean,
): string[] {
  const marked = messages.map(({ role }, index) => ({ role, content: mark(index) }));
  let rest = chat.render(marked, { addGenerationPrompt });
  const found = messages.map(({ role }, index) => {
    const at = rest.indexOf(mark(index));
    if (at < 0) throw leavesOut(chat, index, role);
    const literal = rest.slice(0, at);
    rest = rest.slice(at + mark(index).length);
    return literal;
  });
  return [...found, rest];
}

/** What a template may write of a content: all of it first, then stripped of newlines or space. */
function spellings(content: string): string[] {
  const ways = [undefined, "\n"].flatMap((letters) => [
    stripStart(content, letters),
    stripEnd(content, letters),
    strip(content, letters),
  ]);
  return [...new Set([content, ...ways])];
}

/** Finds the contents, which the template may have stripped. */
function traceContents(
  chat: ChatTemplate,
  messages: readonly Message[],
  text: string,
  around: readonly string[],
): Span[] {
  let at = around[0].length;
  return messages.map(({ role, content }, index) => {
    const spelling = spellings(content).find((spelling) =>
      text.startsWith(spelling + around[index + 1], at)
    );
    if (spelling === undefined) {
      throw new UserError(
        `The chat template in ${chat.path} rewrites message ${index} (${role}): ` +
          `"${content.slice(0, 60)}" is not in the text as it was given`,
        { hint: "Use a template that writes contents unchanged or trimmed" },
      );
    }
    const span = { start: at, end: at + spelling.length };
    at = span.end + around[index + 1].length;
    return span;
  });
}

/**
 * The first end token in what the template writes after an answer; any special one will do, as some
 * templates end every message with one and the conversation with another.
 */
function findEndMark(tokenizer: Tokenizer, closing: string): Span & { id: number } | undefined {
  const marks = [...tokenizer.eosTokenIds, ...tokenizer.specialIds].flatMap((id) => {
    const token = tokenizer.token(id);
    const start = token ? closing.indexOf(token) : -1;
    return start < 0 ? [] : [{ id, start, end: start + token!.length }];
  });
  return marks.length === 0 ? undefined : marks.reduce((a, b) => b.start < a.start ? b : a);
}

function differs(chat: ChatTemplate, index: number, what: string): UserError {
  return new UserError(
    `The chat template in ${chat.path} writes ${what} message ${index} differently once the ` +
      "conversation goes on, so that its prompt is no beginning of the conversation",
    { hint: "Use conversations of one turn, or a template that never rewrites what came before" },
  );
}

/**
 * Renders a conversation and says where its parts are.
 *
 * @throws {UserError} If the template leaves out or rewrites a content, or if the prompt of an
 * answer is not a beginning of the conversation.
 */
export function traceConversation(
  { chat, tokenizer }: ChatModel,
  messages: readonly Message[],
  addGenerationPrompt: boolean,
): ConversationTrace {
  const text = chat.render(messages, { addGenerationPrompt });
  const around = literals(chat, messages, addGenerationPrompt);
  if (!text.startsWith(around[0])) throw differs(chat, 0, "the text before");
  const contents = traceContents(chat, messages, text, around);
  const answers: AnswerTrace[] = [];
  for (const [index, { role }] of messages.entries()) {
    if (role !== "assistant") continue;
    const prompt = chat.render(messages.slice(0, index), { addGenerationPrompt: true });
    const { start, end } = contents[index];
    if (!text.startsWith(prompt) || prompt.length > start) {
      throw differs(chat, index, "the prompt of");
    }
    const closing = literals(chat, messages.slice(0, index + 1), false).at(-1)!;
    const endMark = findEndMark(tokenizer, closing) ?? { start: 0, end: 0, id: undefined };
    if (!text.startsWith(closing.slice(0, endMark.end), end)) {
      throw differs(chat, index, "the end of");
    }
    answers.push({
      text: { start: prompt.length, end: end + endMark.start },
      endToken: endMark.id,
      end: end + endMark.end,
    });
  }
  return { text, contents, answers };
}
