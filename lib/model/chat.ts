/**
 * Conversations as text, by the model's own chat template.
 *
 * @module
 */

import type { Template } from "@huggingface/jinja";
import { readTextIfThere, UserError } from "../flow/mod.ts";
import { isJsonObject } from "./config_reader.ts";
import { sha256 } from "./fingerprint.ts";
import { readJsonIfThere } from "./json_file.ts";
import { strip } from "./python_strip.ts";
import { DIALECT, parseTemplate } from "./template_dialect.ts";

/** One message of a conversation. */
export interface Message {
  /** Who speaks. */
  role: "system" | "user" | "assistant";
  /** What is said. */
  content: string;
}

/** How a conversation is rendered. */
export interface RenderOptions {
  /** Ends with the header of the assistant's next answer. @default {false} */
  addGenerationPrompt?: boolean;
}

/**
 * A template for models that were never taught to chat: contents a line each, answers closed by
 * the end token.
 */
export const PLAIN_TEMPLATE: string = "{%- for message in messages -%}" +
  "{{- message.content -}}" +
  "{%- if message.role == 'assistant' -%}{{- eos_token -}}{%- else -%}{{- '\\n' -}}{%- endif -%}" +
  "{%- endfor -%}";

/** What a template is told beside the messages, such as `enable_thinking`; as in transformers. */
export type ChatTemplateKwargs = Readonly<Record<string, unknown>>;

/** What all conversations of a template have in common. */
export interface ChatSettings {
  /** Said first, in conversations that have no system prompt of their own. @default {nothing} */
  systemPrompt?: string;
  /** What the template is told beside the messages. @default {nothing} */
  chatTemplateKwargs?: ChatTemplateKwargs;
}

/** What errors call a template that is not the model's own. */
export const GIVEN_TEMPLATE = "the given template";

/** Some templates write today's date; a text's tokens must not depend on the day. */
const DATE: Readonly<Record<string, string>> = {
  "%d": "26",
  "%b": "Jul",
  "%B": "July",
  "%m": "07",
  "%Y": "2024",
  "%A": "Friday",
  "%H": "00",
  "%M": "00",
  "%S": "00",
};

/** Templates find this in place of the library's `strftime_now`, which cannot be set. */
const CLOCK = "fixed_strftime";

function fixedDate(format: string): string {
  return format.replace(/%[a-zA-Z]/g, (directive) => DATE[directive] ?? directive);
}

/** A chat template, ready to render. */
export class ChatTemplate {
  /** SHA-256 of what decides the rendering: template, special tokens, what else it is told. Empty without a template. */
  readonly hash: string;
  /** Where the template is from: names it in errors. */
  readonly path: string;
  readonly #template?: Template;
  readonly #tokens: Readonly<Record<string, string>>;
  readonly #settings: ChatSettings;

  /**
   * Parses a template.
   *
   * @param source The Jinja template; undefined where the model has none.
   * @param tokens What the template knows of the tokenizer: `bos_token`, `eos_token`.
   * @param path Names the template in errors.
   * @param settings What is the same in all conversations.
   * @throws {UserError} If the template does not parse.
   */
  constructor(
    source: string | undefined,
    tokens: Readonly<Record<string, string>>,
    path: string,
    settings: ChatSettings = {},
  ) {
    this.#tokens = tokens;
    this.#settings = settings;
    this.path = path;
    const { systemPrompt, chatTemplateKwargs } = settings;
    const isTold = systemPrompt !== undefined || chatTemplateKwargs !== undefined;
    const told = isTold ? [{ systemPrompt, chatTemplateKwargs }] : [];
    this.hash = source === undefined ? "" : sha256(JSON.stringify([source, tokens, ...told]));
    if (source === undefined) return;
    try {
      this.#template = parseTemplate(source.replace(/\bstrftime_now\b/g, CLOCK));
    } catch (cause) {
      throw new UserError(`The chat template in ${path} is wrong: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  /**
   * The text of a conversation.
   *
   * @throws {UserError} If the model has no chat template, or the template refuses the conversation.
   *
   * @example A template of one's own
   * ```ts
   * import { ChatTemplate } from "@longpo/longpo/model";
   *
   * const chat = new ChatTemplate(
   *   "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}" +
   *     "{% if add_generation_prompt %}<assistant>{% endif %}",
   *   {},
   *   "an example",
   * );
   * console.log(chat.render([{ role: "user", content: "Hi" }], { addGenerationPrompt: true }));
   * // <user>Hi<assistant>
   * ```
   */
  render(messages: readonly Message[], options: RenderOptions = {}): string {
    if (!this.#template) {
      throw new UserError(`There is no chat template: ${this.path} has no "chat_template"`, {
        hint: "Take an instruct model, or give a template: --chat-template FILE, or plain for a " +
          "model that was never taught to chat (`chatTemplate: PLAIN_TEMPLATE` in a program)",
      });
    }
    const { systemPrompt, chatTemplateKwargs } = this.#settings;
    const begins = systemPrompt !== undefined && messages[0]?.role !== "system";
    const all = begins ? [{ role: "system", content: systemPrompt }, ...messages] : messages;
    let text: string;
    try {
      text = this.#template.render({
        ...DIALECT,
        ...this.#tokens,
        ...chatTemplateKwargs,
        [CLOCK]: fixedDate,
        messages: all,
        add_generation_prompt: options.addGenerationPrompt ?? false,
      });
    } catch (cause) {
      const roles = all.map(({ role }) => role).join(", ");
      throw new UserError(
        `The chat template of ${this.path} refuses a conversation of ${roles}: ` +
          (cause as Error).message,
        { cause },
      );
    }
    if (begins && !text.includes(strip(systemPrompt))) {
      throw new UserError(`The chat template of ${this.path} leaves out the system prompt`, {
        hint: "Do without one, or say it in the instruction",
      });
    }
    return text;
  }
}

/** A template alone, or the one called `default` of several. */
function chosenTemplate(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const named = (Array.isArray(value) ? value : []).filter(isJsonObject);
  const chosen = named.find(({ name }) => name === "default") ?? named[0];
  return typeof chosen?.template === "string" ? chosen.template : undefined;
}

/**
 * Reads the chat template of a Hugging Face folder: `chat_template.jinja`, or the entry in
 * `tokenizer_config.json`. Without either, the first use of the result throws.
 *
 * @param tokens What the template may write: `bos_token`, `eos_token`.
 * @param settings What is the same in all conversations.
 */
export async function readChatTemplate(
  folder: string,
  tokens: Readonly<Record<string, string>>,
  settings?: ChatSettings,
): Promise<ChatTemplate> {
  const ownFile = `${folder}/chat_template.jinja`;
  const own = await readTextIfThere(ownFile);
  if (own !== undefined) return new ChatTemplate(own, tokens, ownFile, settings);
  const path = `${folder}/tokenizer_config.json`;
  const config = await readJsonIfThere(path);
  return new ChatTemplate(chosenTemplate(config?.chat_template), tokens, path, settings);
}
