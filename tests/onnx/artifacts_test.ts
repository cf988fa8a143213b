import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import {
  buildArtifacts,
  mul,
  OPTIMIZER_PATHS,
  readArtifacts,
  type Segment,
  writeArtifacts,
} from "../../lib/onnx/mod.ts";
import { Session } from "../../lib/runtime/mod.ts";

const scale = (name: string): Segment => ({
  name,
  build(g) {
    const input = g.input("input", "float32", ["tokens"]);
    const weight = g.input("weight", "float32", ["tokens"]);
    const outputs = { hidden: mul(g, input, weight) };
    return { flowing: [input], parameters: [weight], outputs, differentiable: "hidden" };
  },
});

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("buildArtifacts makes a forward and a training graph a segment, and the optimiser", async () => {
  const files = buildArtifacts([scale("first"), scale("second")]);
  assertEquals([...files.keys()], [
    "first/eval_model.onnx",
    "first/training_model.onnx",
    "second/eval_model.onnx",
    "second/training_model.onnx",
    OPTIMIZER_PATHS.update,
  ]);
  for (const [name, bytes] of files) {
    await using session = await Session.open(bytes, { name });
    assertEquals(session.name, name);
  }
});

Deno.test("readArtifacts gives back what writeArtifacts was given, over what was there", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/artifacts`;
    await writeArtifacts(path, buildArtifacts([scale("old"), scale("other")]), { model: "old" });
    const files = buildArtifacts([scale("first"), scale("second")]);
    await writeArtifacts(path, files, { model: "new", layers: 2 });
    const found = await readArtifacts(path);
    assertEquals(found.files, files);
    assertEquals(found.manifest.builtFor, { model: "new", layers: 2 });
    assertEquals(found.manifest.segments.map(({ name }) => name), ["first", "second"]);
    const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
    assertEquals(names, [
      "first",
      "manifest.json",
      OPTIMIZER_PATHS.update,
      "second",
    ]);
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 1);
  });
});

Deno.test("readArtifacts says what is wrong with a folder", async () => {
  await inFolder(async (folder) => {
    const refused = (path: string, says: string) =>
      assertRejects(() => readArtifacts(path), UserError, says);
    await refused(`${folder}/none`, "/none holds no training artifacts");
    const path = `${folder}/artifacts`;
    await writeArtifacts(path, buildArtifacts([scale("first")]), {});
    const manifest = await Deno.readTextFile(`${path}/manifest.json`);
    await Deno.writeTextFile(`${path}/manifest.json`, manifest.slice(0, 20));
    await refused(path, "manifest.json is not JSON");
    await Deno.writeTextFile(
      `${path}/manifest.json`,
      manifest.replace('"format": 2', '"format": 9'),
    );
    await refused(path, "manifest.json has format 9");
    await Deno.writeTextFile(`${path}/manifest.json`, manifest);
    await Deno.remove(`${path}/first/training_model.onnx`);
    await refused(path, "first/training_model.onnx is missing");
  });
});
