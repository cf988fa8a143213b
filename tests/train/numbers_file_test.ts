import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { NumbersFile } from "../../lib/train/numbers_file.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const filesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

Deno.test("NumbersFile holds zeros, then what is written, and is gone in the end", async () => {
  await inFolder(async (folder) => {
    const count = 2 ** 20 + 1000;
    {
      await using file = await NumbersFile.create(`${folder}/numbers`, count);
      assertEquals((await Deno.stat(file.path)).size, 4 * count);
      const written = Float32Array.from({ length: 500 }, (_, at) => at / 7);
      const read = new Float32Array(700);
      await Promise.all([file.write(count - 500, written), file.read(0, read)]);
      assertEquals(read, new Float32Array(700));
      await file.read(count - 700, read);
      assertEquals(read.subarray(0, 200), new Float32Array(200));
      assertEquals(read.subarray(200), written);
    }
    assertEquals(await filesIn(folder), []);
  });
});

Deno.test("NumbersFile replaces what an ended process left behind", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/numbers`, "left behind".repeat(100));
    await using file = await NumbersFile.create(`${folder}/numbers`, 3);
    assertEquals((await Deno.stat(file.path)).size, 12);
  });
});

Deno.test("NumbersFile says where it cannot be written", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/missing/numbers`;
    await assertRejects(() => NumbersFile.create(path, 3), UserError, `Cannot write ${path}`);
  });
});

Deno.test("NumbersFile notices a full disk before anything is learnt, and leaves nothing there", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await inFolder(async (folder) => {
    await Deno.symlink("/dev/full", `${folder}/numbers`);
    const module = import.meta.resolve("../../lib/train/numbers_file.ts");
    const program = `import { NumbersFile } from "${module}";
      await NumbersFile.create("${folder}/numbers", 3)
        .catch(({ name, message, hint }) => console.log([name, message, hint].join("\\n")));`;
    // Only a program that may do all may write to a device, and "eval" makes one.
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program] })
      .output();
    const [name, message, hint] = new TextDecoder().decode(stdout).trim().split("\n");
    assertEquals(name, "UserError");
    assertMatch(message, /No space left on device/);
    assertMatch(hint, /has room; the file takes 12 bytes$/);
    assertEquals(await filesIn(folder), []);
  });
});

Deno.test("NumbersFile notices that it was cut", async () => {
  await inFolder(async (folder) => {
    await using file = await NumbersFile.create(`${folder}/numbers`, 100);
    await Deno.truncate(file.path, 80);
    await file.read(0, new Float32Array(20));
    const beyond = () => file.read(0, new Float32Array(21));
    await assertRejects(beyond, UserError, `${file.path} was cut while it was in use`);
  });
});
