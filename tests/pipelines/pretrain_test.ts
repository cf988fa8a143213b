import { assertEquals } from "@std/assert";
import { readJsonIfThere, writeJson } from "../../lib/cli/mod.ts";
import { worldLines, writeLines } from "./support/documents.ts";
import { exists, fail, inFolder, succeed, TRAINING } from "./support/program.ts";

Deno.test("pretrain makes a model of plain texts, and does not replace it unasked", async () => {
  await inFolder(async (folder) => {
    await writeLines(`${folder}/texts.jsonl`, worldLines(2));
    const out = `${folder}/out`;
    const flags = ["--documents", `${folder}/texts.jsonl`, "--steps", "1", "--out", out];
    await succeed("pretrain", ...flags, ...TRAINING);
    assertEquals(await exists(`${out}/model/model.safetensors`), true);
    const report = await readJsonIfThere<{ steps: number }>(`${out}/report.json`);
    assertEquals(report!.steps, 1);
    await fail("pretrain", flags, [`${out} holds a finished run`, "--overwrite"]);
  });
});

Deno.test("pretrain leaves folders alone that are of no run", async () => {
  await inFolder(async (folder) => {
    await writeJson(`${folder}/report.json`, { of: "something else" });
    const says = [`${folder} holds a report.json that is of no run`];
    await fail("pretrain", ["--out", folder, "--overwrite"], says);
    assertEquals(await exists(`${folder}/blank`), false);
  });
});
