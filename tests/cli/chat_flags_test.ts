import { assertEquals, assertRejects } from "@std/assert";
import { chatOptions, UsageError } from "../../lib/cli/mod.ts";
import { UserError } from "../../lib/flow/mod.ts";
import { PLAIN_TEMPLATE } from "../../lib/model/mod.ts";

Deno.test("chatOptions reads a template from a file, and knows the plain one", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, "{{ messages }}");
  assertEquals((await chatOptions({ chatTemplate: path })).chatTemplate, "{{ messages }}");
  assertEquals((await chatOptions({ chatTemplate: "plain" })).chatTemplate, PLAIN_TEMPLATE);
  await Deno.remove(path);
  await assertRejects(
    () => chatOptions({ chatTemplate: path }),
    UserError,
    `Cannot read --chat-template ${path}`,
  );
});

Deno.test("chatOptions takes what the template is told as a JSON object and as nothing else", async () => {
  const kwargs = async (chatTemplateKwargs: string) =>
    (await chatOptions({ chatTemplateKwargs })).chatTemplateKwargs;
  assertEquals(await kwargs('{"enable_thinking": false}'), { enable_thinking: false });
  for (const wrong of ["enable_thinking", "[1]", "null", "3", '"text"', ""]) {
    await assertRejects(
      () => kwargs(wrong),
      UsageError,
      `--chat-template-kwargs must be a JSON object, not ${wrong}`,
    );
  }
});
