// Real tokenizers and chat templates of the families that people train, against transformers.
// tests/oracle/README.md says how to fetch them.
import { createHash } from "node:crypto";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  type ChatModel,
  conversationTokens,
  type Message,
  promptTokens,
  readChatTemplate,
  readTokenizer,
} from "../../lib/model/mod.ts";
import { lineHashes, mixedLines } from "./mixed_lines.ts";

/** Holds a Hugging Face folder for each family. */
const folders = Deno.env.get("LONGPO_TOKENIZERS") ?? "";
const ignore = folders === "";
if (ignore) console.log("Skipped: LONGPO_TOKENIZERS names no folder of real tokenizers");

/** What transformers makes of it all with one family's tokenizer and template. */
interface Family {
  /** SHA-256 of tokenizer.json. */
  tokenizer: string;
  /** Of each text. */
  ids: number[][];
  /** Of each text's ids, with special tokens and without. */
  decoded: [string, string][];
  lineHashes: string[];
  decodedHashes: string[];
  /** Of each chat; null where the template refuses it. */
  rendered: (string | null)[];
  /** The same with the header of an answer. */
  prompts: (string | null)[];
  promptIds: (number[] | null)[];
}

interface Golden {
  fragments: string[];
  texts: string[];
  chats: Message[][];
  families: Record<string, Family>;
}

/** What is known of a family without transformers. */
interface Facts {
  /** What closes an answer. */
  end: string;
  /** Whether prompts begin with BOS. */
  hasBos: boolean;
  /** Chats that cannot be cut into prompts and answers, and what is said of them. */
  refused?: Record<number, string>;
  /** Chats whose whole text has other tokens than prompts and answers by themselves. */
  apart?: number[];
}

const MISTRAL = {
  end: "</s>",
  hasBos: true,
  // The system message goes to the last message, if that is the user's.
  refused: {
    6: "leaves out message 0 (system)",
    13: "leaves out message 1 (user), or puts it elsewhere",
    15: "leaves out message 0 (system)",
  },
};
const LLAMA = { end: "<|eot_id|>", hasBos: true };

const FACTS: Record<string, Facts> = {
  // This template ends with the header of an answer, asked for or not.
  "llama-3": { ...LLAMA, refused: { 11: "writes the prompt of message 0 differently" } },
  "llama-3.1": LLAMA,
  "llama-3.2": LLAMA,
  // Of an empty answer the space before it is no token that the model writes.
  "mistral-v1": { end: "</s>", hasBos: true, apart: [4] },
  "mistral-v3": { ...MISTRAL, apart: [4] },
  "mistral-nemo": MISTRAL,
  // A header's newline stays a token of its own before an answer that begins with newlines.
  "qwen2.5": { end: "<|im_end|>", hasBos: false, apart: [15] },
  // Thoughts are left out of all answers but the last.
  "qwen3": { end: "<|im_end|>", hasBos: false, refused: { 10: "rewrites message 1 (assistant)" } },
  "phi-3": { end: "<|end|>", hasBos: false },
  "gemma-3": { end: "<end_of_turn>", hasBos: true },
};

async function readGolden(): Promise<Golden> {
  const url = new URL("../golden/tokenizer/families.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(url));
}

async function readFamily(name: string, { tokenizer: hash }: Family): Promise<ChatModel> {
  const folder = `${folders}/${name}`;
  const file = await Deno.readFile(`${folder}/tokenizer.json`);
  const found = createHash("sha256").update(file).digest("hex");
  assertEquals(found, hash, `${folder}/tokenizer.json is not the one of the golden file`);
  const tokenizer = await readTokenizer(folder, { vocabSize: 300_000, eosTokenIds: [] });
  return { tokenizer, chat: await readChatTemplate(folder, tokenizer.namedTokens) };
}

function assertTexts({ tokenizer }: ChatModel, { texts, fragments }: Golden, expected: Family) {
  const decode = (ids: readonly number[]) => [
    tokenizer.decode(ids),
    tokenizer.decode(ids, { skipSpecial: true }),
  ];
  for (const [i, text] of texts.entries()) {
    assertEquals(tokenizer.encode(text), expected.ids[i], `ids of ${JSON.stringify(text)}`);
    assertEquals(decode(expected.ids[i]), expected.decoded[i]);
  }
  const lines = mixedLines(fragments).map((line) => tokenizer.encode(line));
  assertEquals(lineHashes(lines), expected.lineHashes);
  assertEquals(lineHashes(lines.map(decode)), expected.decodedHashes);
}

function assertRendered({ chat }: ChatModel, { chats }: Golden, expected: Family) {
  for (const addGenerationPrompt of [false, true]) {
    const texts = addGenerationPrompt ? expected.prompts : expected.rendered;
    for (const [i, messages] of chats.entries()) {
      const render = () => chat.render(messages, { addGenerationPrompt });
      if (texts[i] === null) assertThrows(render, UserError, "refuses a conversation");
      else assertEquals(render(), texts[i]);
    }
  }
}

function assertPrompt(model: ChatModel, messages: Message[], ids: number[], hasBos: boolean) {
  assertEquals(promptTokens(model, messages), ids);
  assertEquals(ids.filter((id) => id === model.tokenizer.bosTokenId).length, hasBos ? 1 : 0);
  if (hasBos) assertEquals(ids[0], model.tokenizer.bosTokenId);
}

/** Holds the labels of a whole conversation against its answers. */
function assertLabels(model: ChatModel, messages: Message[], end: string, whole?: string) {
  const { tokenizer } = model;
  const { ids, turnOf } = conversationTokens(model, messages);
  if (whole !== undefined) assertEquals(ids, tokenizer.encode(whole));
  const answers = messages.filter(({ role }) => role === "assistant");
  for (const [turn, { content }] of answers.entries()) {
    const written = ids.filter((_, i) => turnOf[i] === turn);
    assertEquals(tokenizer.token(written.at(-1)!), end);
    const bare = (text: string) => text.replaceAll(/[\s\x85]/g, "");
    const text = bare(tokenizer.decode(written.slice(0, -1)));
    assert(text.endsWith(bare(content)), `${text} is not ${content}`);
  }
}

for (const [name, { end, hasBos, refused = {}, apart = [] }] of Object.entries(FACTS)) {
  Deno.test({
    name: `Tokenizer and ChatTemplate agree with transformers on ${name}`,
    ignore,
    async fn() {
      const golden = await readGolden();
      const expected = golden.families[name];
      const model = await readFamily(name, expected);
      assertTexts(model, golden, expected);
      assertRendered(model, golden, expected);
      for (const [i, messages] of golden.chats.entries()) {
        const [whole, ids] = [expected.rendered[i], expected.promptIds[i]];
        if (whole === null || ids === null) continue;
        const isPrompt = messages.at(-1)!.role === "user";
        const check = isPrompt
          ? () => assertPrompt(model, messages, ids, hasBos)
          : () => assertLabels(model, messages, end, apart.includes(i) ? undefined : whole);
        if (i in refused) assertThrows(check, UserError, refused[i]);
        else check();
      }
    },
  });
}
