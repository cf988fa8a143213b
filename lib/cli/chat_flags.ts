/**
 * The flags that say how conversations are written for a model.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { type LoadModelOptions, PLAIN_TEMPLATE } from "../model/mod.ts";
import { type Flag, inGroup, string } from "./flag.ts";
import { headings } from "./headings.ts";
import { UsageError } from "./usage_error.ts";

/** Name that {@linkcode chatFlags} take in place of a file. */
const PLAIN = "plain";

/** The flags of a chat template. */
export interface ChatFlags {
  /** `--chat-template`: in place of the model's own. */
  chatTemplate: Flag<string | undefined>;
  /** `--system-prompt`: said first in all conversations. */
  systemPrompt: Flag<string | undefined>;
  /** `--chat-template-kwargs`: what it is told beside the messages. */
  chatTemplateKwargs: Flag<string | undefined>;
}

/** What the flags say to {@linkcode loadModel}. */
export type ChatOptions = Pick<
  LoadModelOptions,
  "chatTemplate" | "systemPrompt" | "chatTemplateKwargs"
>;

/** What the flags hold. */
export type ChatValues = { [Name in keyof ChatFlags]?: string };

/** The flags. */
export const chatFlags: ChatFlags = inGroup(headings.conversations, {
  chatTemplate: string({
    summary:
      "Jinja file in place of the model's own chat template, or plain for a model that was " +
      "never taught to chat",
    value: "file",
  }),
  systemPrompt: string({
    summary: "Said first in all conversations, where the template allows it",
  }),
  chatTemplateKwargs: string({
    summary: 'What the template is told beside the messages, such as {"enable_thinking": false}',
    value: "json",
  }),
});

async function templateOf(name: string): Promise<string> {
  if (name === PLAIN) return PLAIN_TEMPLATE;
  try {
    return await Deno.readTextFile(name);
  } catch (cause) {
    throw new UserError(`Cannot read --chat-template ${name}: ${(cause as Error).message}`, {
      cause,
      hint: `Give a Jinja file, or "${PLAIN}"`,
    });
  }
}

function kwargsOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Told below, as other values that are no object.
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new UsageError(`--chat-template-kwargs must be a JSON object, not ${text}`, {
    hint: `Such as --chat-template-kwargs '{"enable_thinking": false}'`,
  });
}

/**
 * What the flags say of a model's chat template.
 *
 * @throws {UserError} If the file cannot be read, or what it is told is no JSON object.
 */
export async function chatOptions(
  { chatTemplate, systemPrompt, chatTemplateKwargs }: ChatValues,
): Promise<ChatOptions> {
  return {
    chatTemplate: chatTemplate === undefined ? undefined : await templateOf(chatTemplate),
    systemPrompt,
    chatTemplateKwargs: chatTemplateKwargs === undefined ? undefined : kwargsOf(chatTemplateKwargs),
  };
}
