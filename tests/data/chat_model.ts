import { ChatTemplate } from "../../lib/model/chat.ts";
import type { ChatModel } from "../../lib/model/mod.ts";
import { Tokenizer } from "../../lib/model/tokenizer.ts";

/** ChatML, as Qwen writes it, behind a BOS token. */
const template = "{{ bos_token }}{% for message in messages %}" +
  "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}" +
  "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

const special = ["<s>", "<|im_start|>", "<|im_end|>"];

/** The printable characters that stand for the bytes in byte-level vocabularies. */
function byteLetters(): string[] {
  const shown = (byte: number): boolean =>
    (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(shown(byte) ? byte : next++));
}

/** A model without weights: a byte-level tokenizer, and a chat template with headers. */
export function chatModel(): ChatModel {
  const letters = byteLetters();
  const vocab = Object.fromEntries(letters.map((letter, byte) => [letter, byte]));
  const json = {
    added_tokens: special.map((content, index) => ({
      id: 256 + index,
      content,
      special: true,
      normalized: false,
      lstrip: false,
      rstrip: false,
      single_word: false,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: [] },
  };
  const config = { bos_token: "<s>", eos_token: "<|im_end|>" };
  const tokenizer = new Tokenizer(json, config, { vocabSize: 259, eosTokenIds: [258] }, "tests");
  return { tokenizer, chat: new ChatTemplate(template, tokenizer.namedTokens, "tests") };
}
