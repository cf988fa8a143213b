import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { readTokenizer, Tokenizer } from "../../lib/model/mod.ts";
import { readGoldenTokenizer, TINY_STORIES, tinyStoriesIsThere } from "./fixtures.ts";

const FAMILIES = ["byte_level", "byte_level_split_nfc", "byte_fallback", "metaspace_first"];

/** Decoding byte tokens drops a byte order mark at the beginning; nobody misses it. */
const BYTE_ORDER_MARK = "\ufeffbyte order mark";

for (const family of FAMILIES) {
  Deno.test(`Tokenizer agrees with Transformers on ids and texts (${family})`, async () => {
    const { tokenizer, cases } = await readGoldenTokenizer(family);
    assert(cases.length >= 50);
    for (const { text, ids, decoded, decodedWithoutSpecial } of cases) {
      assertEquals(tokenizer.encode(text), ids, `ids of ${JSON.stringify(text)}`);
      if (text === BYTE_ORDER_MARK && tokenizer.impliesSpace) continue;
      assertEquals(tokenizer.decode(ids), decoded, `text of the ids of ${JSON.stringify(text)}`);
      assertEquals(tokenizer.decode(ids, { skipSpecial: true }), decodedWithoutSpecial);
    }
  });
}

Deno.test({
  name: "readTokenizer agrees with Transformers on a real model's tokenizer",
  ignore: !tinyStoriesIsThere,
  async fn() {
    const { cases } = await readGoldenTokenizer("tinystories-656k");
    const tokenizer = await readTokenizer(TINY_STORIES, { vocabSize: 2048, eosTokenIds: [] });
    for (const { text, ids, decoded } of cases) {
      assertEquals(tokenizer.encode(text), ids, `ids of ${JSON.stringify(text)}`);
      // This model's special tokens are normalised, and Transformers decodes them so.
      if (!ids.some((id) => tokenizer.isSpecial(id))) assertEquals(tokenizer.decode(ids), decoded);
    }
    assertEquals(tokenizer.vocabSize, 2048);
    assertEquals(tokenizer.bosTokenId, 1);
    assertEquals(tokenizer.eosTokenIds, [2]);
    assert(tokenizer.beginsWithBos);
    assert(tokenizer.impliesSpace);
  },
});

Deno.test("Tokenizer.decode leaves out ids that are no token", async () => {
  const { tokenizer } = await readGoldenTokenizer("byte_level");
  const ids = tokenizer.encode("The ship");
  assertEquals(tokenizer.decode([...ids, tokenizer.vocabSize + 5]), "The ship");
});

Deno.test("Tokenizer.decode keeps spaces that a config would have cleaned up", async () => {
  const { json } = await readGoldenTokenizer("byte_level");
  const config = { clean_up_tokenization_spaces: true };
  const tokenizer = new Tokenizer(json, config, { vocabSize: 1000, eosTokenIds: [] }, "t");
  const text = "The ship , he said . It 's n't !";
  assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
});

Deno.test("Tokenizer.encode lets added tokens swallow what Unicode calls white space", async () => {
  const { json } = await readGoldenTokenizer("byte_level");
  const [unknown, ...others] = json.added_tokens as Record<string, unknown>[];
  const greedy = { ...unknown, lstrip: true, rstrip: true };
  const swallowing = { ...json, added_tokens: [greedy, ...others] };
  const tokenizer = new Tokenizer(swallowing, {}, { vocabSize: 1000, eosTokenIds: [] }, "t");
  const ids = (text: string) => tokenizer.encode(text);
  assertEquals(ids("a \x85\n<unk>\x85 b"), [...ids("a"), 0, ...ids("b")]);
  assertEquals(ids("\ufeff<unk>\ufeff<s> "), [
    ...ids("\ufeff"),
    0,
    ...ids("\ufeff"),
    1,
    ...ids(" "),
  ]);
});

Deno.test("Tokenizer refuses ids that the model has no embedding for", async () => {
  const { json } = await readGoldenTokenizer("byte_level");
  const model = { vocabSize: 300, eosTokenIds: [] };
  const error = assertThrows(() => new Tokenizer(json, {}, model, "m/tokenizer.json"), UserError);
  assertStringIncludes(error.message, "m/tokenizer.json has ids up to 419");
  assertStringIncludes(error.message, `"vocab_size": 300`);
});

Deno.test("Tokenizer refuses what is no tokenizer", () => {
  const model = { vocabSize: 300, eosTokenIds: [] };
  assertThrows(
    () => new Tokenizer({ version: "1.0" }, {}, model, "m/tokenizer.json"),
    UserError,
    "m/tokenizer.json is not a tokenizer",
  );
});

Deno.test("Tokenizer knows end tokens of the model and its own", async () => {
  const { json } = await readGoldenTokenizer("byte_level");
  const model = { vocabSize: 420, bosTokenId: 1, eosTokenIds: [7] };
  const tokenizer = new Tokenizer(json, { eos_token: { content: "</s>" } }, model, "t");
  assertEquals(tokenizer.eosTokenIds, [7, 2]);
  assertEquals(tokenizer.bosTokenId, 1);
  assertEquals(tokenizer.namedTokens, { eos_token: "</s>" });
  assert(!tokenizer.beginsWithBos);
});

Deno.test("Tokenizer begins with BOS if the config or the post-processor says so", async () => {
  const { json } = await readGoldenTokenizer("byte_level");
  const post_processor = {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [],
    special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
  };
  const model = { vocabSize: 420, eosTokenIds: [] };
  const build = (json: Record<string, unknown>, config: Record<string, unknown>) =>
    new Tokenizer(json, { bos_token: "<s>", ...config }, model, "t");
  assert(!build(json, {}).beginsWithBos);
  assert(build(json, { add_bos_token: true }).beginsWithBos);
  assert(build({ ...json, post_processor }, {}).beginsWithBos);
  assert(!build({ ...json, post_processor }, { add_bos_token: false }).beginsWithBos);
  assertEquals(build({ ...json, post_processor }, {}).encode("a").includes(1), false);
});

Deno.test("readTokenizer names the file that is missing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const read = () => readTokenizer(folder, { vocabSize: 10, eosTokenIds: [] });
    await assertRejects(read, UserError, `${folder}/tokenizer.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
