/**
 * The world's tokenizer in Hugging Face files: a word of the world is one token, any other text
 * falls back to its bytes.
 *
 * @module
 */

import { ByteLevelPreTokenizer } from "@huggingface/tokenizers";
import { worldVocabulary } from "./vocabulary.ts";

/** Special tokens, in the order of their ids: each role's header is one token. */
export const SPECIAL_TOKENS = [
  "<|bos|>",
  "<|end|>",
  "<|pad|>",
  "<|system|>",
  "<|user|>",
  "<|assistant|>",
] as const;

const CHAT_TEMPLATE = "{{ bos_token }}" +
  "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

const BYTE_LEVEL = {
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: false,
} as const;

/** The letters that byte-level tokenizers write bytes as, in the order of bytes. */
function byteAlphabet(): string[] {
  const { byte_encoder: letters } = new ByteLevelPreTokenizer(BYTE_LEVEL);
  return Array.from({ length: 256 }, (_, byte) => letters[byte]);
}

/** Tokens of the vocabulary in the order of their ids. */
function tokens(): string[] {
  const alphabet = byteAlphabet();
  const [space, newline] = [alphabet[0x20], alphabet[0x0a]];
  const words = worldVocabulary();
  const opening = words.filter((word) => /^\p{Lu}/u.test(word));
  return [
    ...SPECIAL_TOKENS,
    ...alphabet,
    newline + newline,
    ...words.map((word) => space + word),
    ...opening,
  ].filter((token, index, all) => all.indexOf(token) === index);
}

/** What `tokenizer.json` holds. */
export function tokenizerJson(): Record<string, unknown> {
  const vocab = Object.fromEntries(tokens().map((token, id) => [token, id]));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        {
          type: "Split",
          pattern: { Regex: " ?\\p{L}+|\\n\\n|[^\\p{L}]" },
          behavior: "Isolated",
          invert: false,
        },
        BYTE_LEVEL,
      ],
    },
    post_processor: null,
    decoder: BYTE_LEVEL,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: true,
      vocab,
      merges: [],
    },
  };
}

/** What `tokenizer_config.json` holds. */
export function tokenizerConfig(): Record<string, unknown> {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: "<|bos|>",
    eos_token: "<|end|>",
    pad_token: "<|pad|>",
    unk_token: null,
    add_bos_token: false,
    add_eos_token: false,
    clean_up_tokenization_spaces: false,
    model_max_length: 4096,
    chat_template: CHAT_TEMPLATE,
  };
}

/** Writes both files into `directory`, which must exist. */
export async function writeTokenizer(directory: string): Promise<void> {
  const write = (name: string, content: unknown): Promise<void> =>
    Deno.writeTextFile(`${directory}/${name}`, `${JSON.stringify(content, null, 2)}\n`);
  await write("tokenizer.json", tokenizerJson());
  await write("tokenizer_config.json", tokenizerConfig());
}
