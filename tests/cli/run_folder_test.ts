import { assert, assertEquals, assertRejects } from "@std/assert";
import { checkRunFolder, openRunFolder, readJsonIfThere, writeJson } from "../../lib/cli/mod.ts";
import { UserError } from "../../lib/flow/mod.ts";

const settings = { model: "small", seed: 1, steps: undefined };

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openRunFolder makes a folder, and takes up the same run in it", async () => {
  await inFolder(async (parent) => {
    const folder = `${parent}/runs/one`;
    assertEquals(await openRunFolder(folder, settings), false);
    await Deno.writeTextFile(`${folder}/pairs.jsonl.part`, "{}\n");
    assertEquals(await openRunFolder(folder, settings), true);
    await checkRunFolder(folder, settings);
    assertEquals(await readJsonIfThere(`${folder}/run.json`), { model: "small", seed: 1 });
  });
});

Deno.test("openRunFolder refuses other and finished runs, and removes them where it may", async () => {
  await inFolder(async (folder) => {
    await openRunFolder(folder, settings);
    await Deno.writeTextFile(`${folder}/pairs.jsonl`, "{}\n");
    const other = { ...settings, seed: 2 };
    const refused = (of: typeof settings, says: string) =>
      assertRejects(() => checkRunFolder(folder, of), UserError, `${folder} holds ${says}`);
    await refused(other, "a run that was told other things");
    await writeJson(`${folder}/report.json`, {});
    await refused(settings, "a finished run");
    await checkRunFolder(folder, other, { overwrite: true });
    assertEquals(await openRunFolder(folder, other, { overwrite: true }), false);
    const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(left.sort(), [".lock", "run.json"]);
  });
});

Deno.test("openRunFolder removes no folder that is of no run", async () => {
  await inFolder(async (folder) => {
    await writeJson(`${folder}/report.json`, { of: "something else" });
    await assertRejects(
      () => openRunFolder(folder, settings, { overwrite: true }),
      UserError,
      `${folder} holds a report.json that is of no run`,
    );
    assertEquals(await readJsonIfThere(`${folder}/report.json`), { of: "something else" });
  });
});

Deno.test("checkRunFolder refuses files, and what is behind them", async () => {
  await inFolder(async (parent) => {
    const file = `${parent}/README.md`;
    await Deno.writeTextFile(file, "");
    for (const folder of [file, `${file}/run`]) {
      await assertRejects(
        () => checkRunFolder(folder, settings, { overwrite: true }),
        UserError,
        `${folder} is no folder and cannot become one`,
      );
    }
  });
});

Deno.test("openRunFolder minds no run in which nothing was done", async () => {
  await inFolder(async (folder) => {
    await openRunFolder(folder, settings);
    await Deno.writeTextFile(`${folder}/metrics.jsonl.part`, "");
    assertEquals(await openRunFolder(folder, { ...settings, seed: 2 }), false);
    assertEquals(await readJsonIfThere(`${folder}/run.json`), { model: "small", seed: 2 });
  });
});

Deno.test("readJsonIfThere names a file that is no JSON", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/run.json`, "{");
    await assertRejects(() => checkRunFolder(folder, settings), UserError, "run.json is not JSON");
    assertEquals(await readJsonIfThere(`${folder}/none.json`), undefined);
  });
});

Deno.test("writeJson leaves nothing beside where it cannot write", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/report.json`);
    await assertRejects(
      () => writeJson(`${folder}/report.json`, {}),
      UserError,
      `Cannot write ${folder}/report.json`,
    );
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["report.json"]);
  });
});

Deno.test("openRunFolder keeps a folder to one program at a time", async () => {
  const folder = await Deno.makeTempDir();
  const file = await Deno.open(`${folder}/.lock`, { create: true, write: true });
  assert(await file.tryLock(true));
  const error = await assertRejects(() => openRunFolder(folder, { seed: 1 }), UserError);
  assertEquals(error.message, `Another run is at work in ${folder}`);
  await writeJson(`${folder}/run.json`, { seed: 2 });
  await Deno.writeTextFile(`${folder}/metrics.jsonl.part`, "{}");
  const others = await assertRejects(() => checkRunFolder(folder, { seed: 1 }), UserError);
  assertEquals(others.message, error.message);
  file.close();
  await assertRejects(() => checkRunFolder(folder, { seed: 1 }), UserError, "told other things");
  await Deno.remove(`${folder}/metrics.jsonl.part`);
  await openRunFolder(folder, { seed: 1 });
  await Deno.remove(folder, { recursive: true });
});
