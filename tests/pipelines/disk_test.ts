// A disk with no room, which only root can make: elsewhere these tests are left out and say so.
import { assert, assertEquals } from "@std/assert";
import { canMount, onDisk } from "../support/small_disk.ts";
import { worldLines, writeLines } from "./support/documents.ts";
import { exists, fail, filesOf, inFolder, PAIRS, succeed, TRAINING } from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

/** What a file, or all files of a folder, take on such a disk, which gives whole pages. */
async function kilobytesOf(path: string): Promise<number> {
  const { isDirectory, size } = await Deno.stat(path);
  if (!isDirectory) return Math.ceil(size / 4096) * 4;
  const sizes = (await filesOf(path)).map((name) => kilobytesOf(`${path}/${name}`));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

Deno.test("pairs on a full disk says so, keeps what it has, and goes on with more room", {
  ignore: !canMount,
}, async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(30));
    const flags = (out: string) => [
      ...["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`],
      ...["--out", out, ...PAIRS],
    ];
    await onDisk(16, async (disk) => {
      await fail("pairs", flags(`${disk}/pairs.jsonl`), [
        `Cannot write ${disk}/pairs.jsonl: No space left on device`,
        `lines already written are in ${disk}/pairs.jsonl.part`,
        "To go on: run the same command again",
      ]);
      assertEquals(await exists(`${disk}/pairs.jsonl`), false);
      const part = await Deno.readTextFile(`${disk}/pairs.jsonl.part`);
      assert(part === "" || part.endsWith("}\n"));
      await Deno.copyFile(`${disk}/pairs.jsonl.part`, `${folder}/pairs.jsonl.part`);
    });
    await succeed("pairs", ...flags(`${folder}/pairs.jsonl`));
    await succeed("pairs", ...flags(`${folder}/whole.jsonl`));
    assertEquals(
      await Deno.readTextFile(`${folder}/pairs.jsonl`),
      await Deno.readTextFile(`${folder}/whole.jsonl`),
    );
  });
});

Deno.test("train on a full disk says what it cannot write, whatever is the first", {
  ignore: !canMount,
}, async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(2));
    const inputs = ["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`];
    await succeed("pairs", ...inputs, "--out", `${folder}/pairs.jsonl`, ...PAIRS);
    const training = (out: string) => [
      ...["--model", `${folder}/tiny`, "--pairs", `${folder}/pairs.jsonl`, "--out", out],
      ...TRAINING,
    ];
    await succeed("train", ...training(`${folder}/run`));
    const [settings, artifacts, checkpoint, model] = await Promise.all(
      ["run.json", "artifacts", "checkpoint.safetensors", "model"].map((name) =>
        kilobytesOf(`${folder}/run/${name}`)
      ),
    );
    for (
      const [kilobytes, name] of [
        [0, "run"],
        [settings + artifacts / 2, "run/artifacts"],
        [settings + artifacts + checkpoint / 2, "run/checkpoint.safetensors"],
        [settings + artifacts + checkpoint + model / 2, "run/model"],
      ] as const
    ) {
      // A size of 0 would be one without a limit.
      await onDisk(Math.max(Math.round(kilobytes), 1), async (disk) => {
        await fail("train", training(`${disk}/run`), [
          `Cannot write ${disk}/${name}`,
          "No space left on device",
          "hint: Check that the folder exists, may be written and has room",
        ]);
        assertEquals(await exists(`${disk}/run/model`), false);
        assertEquals(await exists(`${disk}/run/report.json`), false);
      });
    }
  });
});

Deno.test("pairs into a folder that is not there, or is a file, says so", async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(1));
    const inputs = ["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`];
    await fail("pairs", [...inputs, "--out", `${folder}/missing/pairs.jsonl`, ...PAIRS], [
      `Cannot write ${folder}/missing/pairs.jsonl: No such file or directory`,
      "hint: Check that the folder exists",
    ]);
    const below = `${folder}/documents.jsonl/pairs.jsonl`;
    await fail("pairs", [...inputs, "--out", below, ...PAIRS], [`Cannot write ${below}: `]);
  });
});

Deno.test("outputs that cannot be are refused before any work", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/README.md`;
    await Deno.writeTextFile(file, "");
    // There is no such model: nobody has looked for it yet.
    const model = ["--model", `${folder}/missing`];
    await fail("longpo", [...model, "--out", file], [`${file} is no folder`]);
    await fail("evaluate", [...model, "--out", folder], [`Cannot write ${folder}: it is a folder`]);
    await fail("evaluate", [...model, "--out", `${file}/scores.json`], ["Cannot write"]);
  });
});
