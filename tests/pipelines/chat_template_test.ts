import { assert, assertEquals } from "@std/assert";
import { parsePair } from "../../lib/data/mod.ts";
import { loadTextModel, PLAIN_TEMPLATE } from "../../lib/model/mod.ts";
import { readLines, worldLines, writeLines } from "./support/documents.ts";
import { fail, inFolder, PAIRS, succeed } from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

/** A tiny model, with a template of one's own or with none, and documents. */
async function withModel(
  template: string | undefined,
  use: (folder: string, flags: string[]) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    const path = `${folder}/tiny/tokenizer_config.json`;
    const { chat_template: _, ...config } = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...config, chat_template: template }));
    await writeLines(`${folder}/documents.jsonl`, worldLines(4));
    const inputs = ["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`];
    await use(folder, [...inputs, ...PAIRS]);
  });
}

Deno.test("a model without chat template is refused with what to do, and taught with a given one", async () => {
  await withModel(undefined, async (folder, flags) => {
    await fail("pairs", flags, [
      `${folder}/tiny/tokenizer_config.json has no "chat_template"`,
      "--chat-template",
    ]);
    const run = [...flags, "--out", `${folder}/run`, "--steps", "1"];
    await fail("longpo", [...run, "--chat-template", `${folder}/no.jinja`], [
      `Cannot read --chat-template ${folder}/no.jinja`,
      "hint: Give a Jinja file",
    ]);
    await succeed("longpo", ...run, "--chat-template", "plain");
    const saved = await loadTextModel(`${folder}/run/model`);
    const given = await loadTextModel(`${folder}/tiny`, { chatTemplate: PLAIN_TEMPLATE });
    assertEquals(saved.chat.hash, given.chat.hash);
    await succeed("evaluate", ...flags, "--model", `${folder}/run/model`);
  });
});

Deno.test("pairs are made and trained on with what the template is told", async () => {
  const template = "{%- for message in messages -%}{{- message.content -}}" +
    "{%- if message.role == 'assistant' -%}{{- eos_token -}}{%- else -%}" +
    "{{- '\n' if line else ' ' -}}{%- endif -%}{%- endfor -%}";
  await withModel(template, async (folder, flags) => {
    const told = ["--chat-template-kwargs", '{"line": true}'];
    const pairs = `${folder}/pairs.jsonl`;
    await succeed("pairs", ...flags, ...told, "--out", pairs);
    const [pair] = (await readLines(pairs)).map(parsePair);
    assert(pair.turns.length > 0);
    const train = ["--model", `${folder}/tiny`, "--pairs", pairs, "--out", `${folder}/run`];
    await fail("train", [...train, "--steps", "1"], ["reference"]);
    await succeed("train", ...train, "--steps", "1", ...told);
  });
});
