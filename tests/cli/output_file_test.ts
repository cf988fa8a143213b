import { assertEquals, assertRejects } from "@std/assert";
import { checkOutputFile } from "../../lib/cli/mod.ts";
import { UserError } from "../../lib/flow/mod.ts";

Deno.test("checkOutputFile refuses what could not be written, and leaves what is there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const refused = (path: string) =>
      assertRejects(() => checkOutputFile(path), UserError, `Cannot write ${path}`);
    await refused(folder);
    await refused(`${folder}/missing/scores.json`);
    await Deno.writeTextFile(`${folder}/scores.json`, "{}");
    await refused(`${folder}/scores.json/scores.json`);
    await checkOutputFile(`${folder}/scores.json`);
    await checkOutputFile(`${folder}/new.json`);
    const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(left, ["scores.json"]);
    assertEquals(await Deno.readTextFile(`${folder}/scores.json`), "{}");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
