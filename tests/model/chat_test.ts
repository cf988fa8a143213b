import { assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  ChatTemplate,
  type Message,
  PLAIN_TEMPLATE,
  readChatTemplate,
} from "../../lib/model/mod.ts";
import { CHATML } from "./chat_templates.ts";

const HI: Message[] = [{ role: "user", content: "Hi" }];

async function withFiles(files: Record<string, string>, use: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("ChatTemplate renders with and without the generation header", () => {
  const chat = new ChatTemplate(CHATML, {}, "t");
  const talk: Message[] = [{ role: "system", content: "Be short." }, ...HI];
  const text = "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n";
  assertEquals(chat.render(talk), text);
  assertEquals(
    chat.render(talk, { addGenerationPrompt: true }),
    `${text}<|im_start|>assistant\n`,
  );
});

Deno.test("ChatTemplate writes the same date every day", () => {
  const chat = new ChatTemplate("{{ strftime_now('%d %b %Y') }}", {}, "t");
  assertEquals(chat.render(HI), "26 Jul 2024");
});

Deno.test("ChatTemplate strips texts as Python does", () => {
  const render = (expression: string, content: string) =>
    new ChatTemplate(`{{ ${expression} }}`, {}, "t").render([{ role: "user", content }]);
  const content = "messages[0].content";
  const text = "\n\ufeff\n mid \x85\n";
  assertEquals(render(`${content} | trim`, text), "\ufeff\n mid");
  assertEquals(render(`${content}.strip()`, text), "\ufeff\n mid");
  assertEquals(render(`${content}.strip('\\n')`, text), "\ufeff\n mid \x85");
  assertEquals(render(`${content}.lstrip('\\n')`, text), "\ufeff\n mid \x85\n");
  assertEquals(render(`${content}.rstrip('\\n').lstrip()`, text), "\ufeff\n mid \x85");
  assertEquals(render(`${content}.split('x')[-1].lstrip('a🐋') | trim`, "1x🐋ab 🐋 "), "b 🐋");
  assertEquals(render(`${content}.rstrip('🐋') + (nothing | trim)`, "🐋 a🐋🐋"), "🐋 a");
});

Deno.test("ChatTemplate selects messages for what they lack", () => {
  const selected = (filter: string) =>
    new ChatTemplate(
      `{% for m in messages | ${filter} %}{{ m.content }}{% endfor %}`,
      {},
      "t",
    ).render(HI);
  assertEquals(selected("selectattr('tool_calls', 'undefined')"), "Hi");
  assertEquals(selected("rejectattr('tool_calls', 'undefined')"), "");
  assertEquals(selected("selectattr('role', 'undefined')"), "");
  assertEquals(selected("rejectattr('role', 'undefined')"), "Hi");
  assertEquals(selected("selectattr('role', 'equalto', 'user')"), "Hi");
});

Deno.test("ChatTemplate names the template that does not parse", () => {
  assertThrows(
    () => new ChatTemplate("{% for m in messages %}", {}, "m/chat_template.jinja"),
    UserError,
    "The chat template in m/chat_template.jinja is wrong",
  );
});

Deno.test("ChatTemplate hashes template and special tokens", () => {
  const hash = (source: string, tokens: Record<string, string>) =>
    new ChatTemplate(source, tokens, "t").hash;
  assertEquals(hash("a", {}), hash("a", {}));
  assertNotEquals(hash("a", {}), hash("b", {}));
  assertNotEquals(hash("a", {}), hash("a", { eos_token: "</s>" }));
});

Deno.test("PLAIN_TEMPLATE writes contents and closes answers", () => {
  const chat = new ChatTemplate(PLAIN_TEMPLATE, { eos_token: "</s>" }, "t");
  assertEquals(
    chat.render([...HI, { role: "assistant", content: "Yes" }, ...HI]),
    "Hi\nYes</s>Hi\n",
  );
});

Deno.test("readChatTemplate prefers a file of its own", async () => {
  const files = {
    "chat_template.jinja": "own",
    "tokenizer_config.json": `{"chat_template": "config"}`,
  };
  await withFiles(files, async (folder) => {
    assertEquals((await readChatTemplate(folder, {})).render(HI), "own");
  });
});

Deno.test("readChatTemplate takes the default of several", async () => {
  const chat_template = [
    { name: "tool_use", template: "tools" },
    { name: "default", template: "default {{ bos_token }}" },
  ];
  const files = { "tokenizer_config.json": JSON.stringify({ chat_template }) };
  await withFiles(files, async (folder) => {
    const chat = await readChatTemplate(folder, { bos_token: "<s>" });
    assertEquals(chat.render(HI), "default <s>");
  });
});

Deno.test("ChatTemplate says at first use that there is none", async () => {
  await withFiles({ "tokenizer_config.json": "{}" }, async (folder) => {
    const chat = await readChatTemplate(folder, {});
    assertEquals(chat.hash, "");
    const error = assertThrows(() => chat.render(HI), UserError);
    assertStringIncludes(error.message, `${folder}/tokenizer_config.json has no "chat_template"`);
    assertStringIncludes(error.hint!, "PLAIN_TEMPLATE");
  });
});

Deno.test("ChatTemplate begins with a system prompt where there is none, and hashes what it is told", () => {
  const chat = new ChatTemplate(CHATML, {}, "t", { systemPrompt: "Be brief." });
  const system = { role: "system", content: "Be brief." } as const;
  const plain = new ChatTemplate(CHATML, {}, "t");
  assertEquals(chat.render(HI), plain.render([system, ...HI]));
  const own = { role: "system", content: "Be long." } as const;
  assertEquals(chat.render([own, ...HI]), plain.render([own, ...HI]));
  assertNotEquals(chat.hash, plain.hash);
  const deaf = new ChatTemplate(PLAIN_TEMPLATE.replace("message.content", "'x'"), {}, "t", {
    systemPrompt: "Be brief.",
  });
  assertThrows(() => deaf.render(HI), UserError, "leaves out the system prompt");
});

Deno.test("ChatTemplate hands on what it is told beside the messages, and nothing in its place", () => {
  const template = "{{ messages|length }}{% if not enable_thinking %}<think></think>{% endif %}";
  const render = (chatTemplateKwargs: Record<string, unknown>) =>
    new ChatTemplate(template, {}, "t", { chatTemplateKwargs }).render(HI);
  assertEquals(render({ enable_thinking: true }), "1");
  assertEquals(render({ enable_thinking: false }), "1<think></think>");
  assertEquals(render({ enable_thinking: true, messages: [] }), "1");
});
