import { assertEquals } from "@std/assert";
import { fail, inFolder, PAIRS } from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

const WEIGHTS = "model.safetensors";

/** A file's bytes, changed in place or replaced. */
async function change(
  path: string,
  by: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> | void,
): Promise<void> {
  const bytes = await Deno.readFile(path);
  await Deno.writeFile(path, by(bytes) ?? bytes);
}

async function changeJson(path: string, values: Record<string, unknown>): Promise<void> {
  const json = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...json, ...values }));
}

/** What is done to a whole folder, and what is said of it then. */
const damages: [string, (folder: string) => Promise<void>, string[]][] = [
  ["missing", (folder) => Deno.remove(folder, { recursive: true }), [
    "There is no model",
    "hint: ",
  ]],
  ["no config", (folder) => Deno.remove(`${folder}/config.json`), ["no file", "config.json"]],
  ["no tokenizer", (folder) => Deno.remove(`${folder}/tokenizer.json`), [
    "tokenizer.json",
  ]],
  ["no weights", (folder) => Deno.remove(`${folder}/${WEIGHTS}`), [
    `has neither ${WEIGHTS} nor`,
    "hint: Download the weights",
  ]],
  [
    "cut short",
    (folder) => change(`${folder}/${WEIGHTS}`, (bytes) => bytes.slice(0, bytes.length - 1000)),
    [WEIGHTS, "cut short"],
  ],
  [
    "a header of gigabytes",
    (folder) =>
      change(`${folder}/${WEIGHTS}`, ({ buffer }) => {
        new DataView(buffer).setBigUint64(0, 5_000_000_000n, true);
      }),
    [WEIGHTS, "claims a header of 5000000000 bytes"],
  ],
  [
    "weights that are no numbers",
    (folder) =>
      change(`${folder}/${WEIGHTS}`, ({ buffer, length }) => {
        new DataView(buffer).setFloat32(length - 4, NaN, true);
      }),
    [WEIGHTS, "holds NaN", "hint: These weights are broken"],
  ],
  [
    "weights of another shape",
    (folder) => changeJson(`${folder}/config.json`, { hidden_size: 32 }),
    [WEIGHTS, "but config.json makes it", "belong to the same model?"],
  ],
  [
    "a tokenizer with more tokens than the model",
    (folder) => changeJson(`${folder}/config.json`, { vocab_size: 100 }),
    ["tokenizer.json", "100"],
  ],
  [
    "another architecture",
    (folder) => changeJson(`${folder}/config.json`, { model_type: "mamba" }),
    [`"model_type" is "mamba", which is not supported`],
  ],
];

for (const [name, damage, says] of damages) {
  Deno.test(`pairs says what is wrong with a model folder: ${name}`, async () => {
    await inFolder(async (folder) => {
      const model = `${folder}/tiny`;
      await writeTinyModel(model);
      await damage(model);
      const { stdout } = await fail("pairs", ["--model", model, ...PAIRS], [model, ...says]);
      assertEquals(stdout, "");
    });
  });
}
