import { Tokenizer } from "../../lib/model/mod.ts";

/** A small real model, present where these tests were written; tests on it are skipped elsewhere. */
export const TINY_STORIES = "../shared/models/tinystories-656k";

/** Whether the real model is there. */
export const tinyStoriesIsThere = isThere(`${TINY_STORIES}/config.json`);

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** What Transformers makes of a text. */
export interface TokenizerCase {
  text: string;
  ids: number[];
  decoded: string;
  decodedWithoutSpecial: string;
}

/** A golden file; `tokenizer` needs its `json`, which files of whole models do not hold. */
export interface GoldenTokenizer {
  json: Record<string, unknown>;
  cases: TokenizerCase[];
  readonly tokenizer: Tokenizer;
}

/** Reads tests/golden/tokenizer/NAME.json. */
export async function readGoldenTokenizer(name: string): Promise<GoldenTokenizer> {
  const url = new URL(`../golden/tokenizer/${name}.json`, import.meta.url);
  const { tokenizer: json, cases } = JSON.parse(await Deno.readTextFile(url));
  return {
    json,
    cases,
    get tokenizer() {
      return new Tokenizer(json, {}, { vocabSize: 1000, eosTokenIds: [] }, name);
    },
  };
}
