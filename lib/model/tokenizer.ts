/**
 * Text to token ids and back.
 *
 * @module
 */

import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { UserError } from "../flow/mod.ts";
import { type Strip, stripAtAddedTokens } from "./added_token_spaces.ts";
import { quickenByteSpelling } from "./byte_spelling.ts";
import { isJsonObject, type JsonObject } from "./config_reader.ts";
import { readJson, readJsonIfThere } from "./json_file.ts";
import { quickenMerges } from "./merge_boundaries.ts";
import { useUnicodeClasses } from "./unicode_classes.ts";

/** What of a model's config a tokenizer is checked against and completed with. */
export interface TokenizerModel {
  /** Rows of the embedding: no id may reach it. */
  readonly vocabSize: number;
  /** The token a text begins with. */
  readonly bosTokenId?: number;
  /** The tokens that end an answer. */
  readonly eosTokenIds: readonly number[];
}

/** How ids become text. */
export interface DecodeOptions {
  /** Leaves special tokens out. @default {false} */
  skipSpecial?: boolean;
}

/** Special tokens that chat templates may write, such as `bos_token`. */
const NAMED_TOKENS = ["bos_token", "eos_token", "unk_token", "pad_token"] as const;

/** A token in tokenizer_config.json is a string or an object with its content. */
function contentOf(token: unknown): string | undefined {
  const content = isJsonObject(token) ? token.content : token;
  return typeof content === "string" ? content : undefined;
}

function namedTokens(config: JsonObject): Record<string, string> {
  const entries = NAMED_TOKENS.map((name) => [name, contentOf(config[name])]);
  return Object.fromEntries(entries.filter(([, content]) => content !== undefined));
}

/** The tokenizer of a model, as its `tokenizer.json` describes it. */
export class Tokenizer {
  /** One more than the largest id. */
  readonly vocabSize: number;
  /** The token a text begins with, if there is one. */
  readonly bosTokenId?: number;
  /** The tokens that end an answer: the model's and the tokenizer's. */
  readonly eosTokenIds: readonly number[];
  /** Whether the model was trained on texts that begin with the BOS token. */
  readonly beginsWithBos: boolean;
  /**
   * Whether encoding puts a space before a text, as SentencePiece tokenizers do: the model's
   * answer `▁Yes` reads "Yes", and "Yes" encodes to `▁Yes`.
   */
  readonly impliesSpace: boolean;
  /** `bos_token`, `eos_token`, `unk_token` and `pad_token` as texts, where there are any. */
  readonly namedTokens: Readonly<Record<string, string>>;
  readonly #tokenizer: HuggingFaceTokenizer;
  readonly #specialIds: ReadonlySet<number>;
  readonly #strip: Strip;

  /**
   * Builds a tokenizer from its parsed files.
   *
   * @param json The parsed `tokenizer.json`.
   * @param config The parsed `tokenizer_config.json`.
   * @param model What the model's config says of tokens.
   * @param path Names the tokenizer in errors.
   * @throws {UserError} If the tokenizer cannot be built, or has ids that the model has no
   * embedding for.
   */
  constructor(json: JsonObject, config: JsonObject, model: TokenizerModel, path: string) {
    try {
      this.#tokenizer = new HuggingFaceTokenizer(json, {
        ...config,
        // Llama 3 asks for it, and would lose spaces that the model wrote: "x ." would read "x."
        clean_up_tokenization_spaces: false,
      });
    } catch (cause) {
      throw new UserError(`${path} is not a tokenizer: ${(cause as Error).message}`, { cause });
    }
    useUnicodeClasses(this.#tokenizer.pre_tokenizer);
    quickenByteSpelling(this.#tokenizer.pre_tokenizer);
    quickenMerges(this.#tokenizer.model);
    this.#strip = stripAtAddedTokens([...this.#tokenizer.get_added_tokens_decoder().values()]);
    this.vocabSize = Math.max(-1, ...this.#largestIds()) + 1;
    if (this.vocabSize > model.vocabSize) {
      const token = this.#tokenizer.id_to_token(this.vocabSize - 1);
      throw new UserError(
        `${path} has ids up to ${this.vocabSize - 1} ("${token}"), but config.json says ` +
          `"vocab_size": ${model.vocabSize}`,
        { hint: "Take the tokenizer that belongs to the model" },
      );
    }
    this.namedTokens = namedTokens(config);
    this.#specialIds = this.#findSpecialIds();
    this.bosTokenId = this.#idOfNamed("bos_token") ?? model.bosTokenId;
    const eos = this.#idOfNamed("eos_token");
    this.eosTokenIds = [...new Set([...model.eosTokenIds, ...(eos === undefined ? [] : [eos])])];
    this.beginsWithBos = this.#findBeginsWithBos(config.add_bos_token);
    const first = this.encode("a")[0];
    this.impliesSpace = this.#tokenizer.id_to_token(first)?.startsWith("▁") ?? false;
  }

  /** The largest ids of vocabulary and added tokens. */
  #largestIds(): number[] {
    const added = [...this.#tokenizer.get_added_tokens_decoder().keys()];
    let largest = -1;
    for (const id of this.#tokenizer.get_vocab().values()) largest = Math.max(largest, id);
    return [largest, ...added];
  }

  #findSpecialIds(): ReadonlySet<number> {
    const added = this.#tokenizer.get_added_tokens_decoder();
    return new Set([...added].filter(([, token]) => token.special).map(([id]) => id));
  }

  #idOfNamed(name: string): number | undefined {
    const token = this.namedTokens[name];
    return token === undefined ? undefined : this.tokenId(token);
  }

  /** `add_bos_token` where the config has it; else what the post-processor does. */
  #findBeginsWithBos(addBosToken: unknown): boolean {
    if (this.bosTokenId === undefined) return false;
    if (typeof addBosToken === "boolean") return addBosToken;
    return this.#tokenizer.encode("a", { add_special_tokens: true }).ids[0] === this.bosTokenId;
  }

  /**
   * The ids of a text; no special token is added, but those written in the text are recognised.
   *
   * What the vocabulary cannot spell becomes the unknown token, or nothing where there is none.
   *
   * @example Encode, decode
   * ```ts
   * import { Tokenizer } from "@longpo/longpo/model";
   *
   * const json = {
   *   added_tokens: [],
   *   normalizer: null,
   *   pre_tokenizer: null,
   *   post_processor: null,
   *   decoder: { type: "Fuse" },
   *   model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] },
   * };
   * const tokenizer = new Tokenizer(json, {}, { vocabSize: 3, eosTokenIds: [] }, "tokenizer.json");
   * console.log(tokenizer.encode("abba")); // [2, 1, 0]
   * console.log(tokenizer.decode([2, 1, 0])); // abba
   * ```
   */
  encode(text: string): number[] {
    return this.#tokenizer.encode(this.#strip(text), { add_special_tokens: false }).ids;
  }

  /** The text of ids; ids that are no token are left out. */
  decode(ids: readonly number[], options: DecodeOptions = {}): string {
    const shown = ids.filter((id) =>
      this.#tokenizer.id_to_token(id) !== undefined &&
      !(options.skipSpecial && this.#specialIds.has(id))
    );
    return shown.length === 0 ? "" : this.#tokenizer.decode(shown);
  }

  /** The id of a token as the vocabulary spells it. */
  tokenId(token: string): number | undefined {
    return this.#tokenizer.token_to_id(token);
  }

  /** A token as the vocabulary spells it. */
  token(id: number): string | undefined {
    return this.#tokenizer.id_to_token(id);
  }

  /** Whether a token is special, such as BOS, EOS and the marks of a chat template. */
  isSpecial(id: number): boolean {
    return this.#specialIds.has(id);
  }

  /** The special tokens' ids. */
  get specialIds(): Iterable<number> {
    return this.#specialIds;
  }
}

/**
 * Reads the tokenizer of a Hugging Face folder.
 *
 * @throws {UserError} If `tokenizer.json` is missing or no tokenizer, or does not fit the model.
 */
export async function readTokenizer(folder: string, model: TokenizerModel): Promise<Tokenizer> {
  const path = `${folder}/tokenizer.json`;
  const json = await readJson(
    path,
    "Only folders with a tokenizer.json can be read; `AutoTokenizer.from_pretrained(folder)" +
      ".save_pretrained(folder)` of Hugging Face Transformers writes one",
  );
  const config = await readJsonIfThere(`${folder}/tokenizer_config.json`);
  const tokens = await readJsonIfThere(`${folder}/special_tokens_map.json`);
  return new Tokenizer(json, { ...tokens, ...config }, model, path);
}
