import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parsePair } from "../../lib/data/mod.ts";
import { loadModel } from "../../lib/model/mod.ts";
import type { StepMetrics } from "../../lib/train/mod.ts";
import { linesOf, readLines, worldLines, writeLines } from "./support/documents.ts";
import {
  assertPlain,
  denoArguments,
  type Ended,
  inFolder,
  PAIRS,
  ROOT,
  succeed,
  TRAINING,
} from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

const unix = { ignore: Deno.build.os === "windows" };

/** Runs a shell line in which every part of a pipe must do well. */
async function shell(line: string): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", `set -o pipefail; ${line}`],
    cwd: ROOT,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** A pipeline's call, as a shell reads it. */
function call(name: string, flags: readonly string[]): string {
  return [Deno.execPath(), ...denoArguments(name, flags)].map((word) => `'${word}'`).join(" ");
}

async function withDocuments(
  count: number,
  use: (folder: string, flags: string[]) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    await writeLines(`${folder}/documents.jsonl`, worldLines(count));
    const inputs = ["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`];
    await use(folder, [...inputs, ...PAIRS]);
  });
}

Deno.test("pairs into head gives whole pairs and ends well", unix, async () => {
  await withDocuments(300, async (_, flags) => {
    const { code, stdout, stderr } = await shell(`${call("pairs", flags)} | head -3`);
    assertEquals(code, 0, stderr);
    assertPlain(stderr);
    assertEquals(linesOf(stdout).map((row) => parsePair(row).id), ["doc-0", "doc-1", "doc-2"]);
    const [, made] = /pairs: (\d+)/.exec(stderr)!;
    assert(Number(made) < 300, stderr);
  });
});

Deno.test("pairs writes nothing but records to standard output, the same as to a file", async () => {
  await withDocuments(3, async (folder, flags) => {
    const [{ stdout }] = await Promise.all([
      succeed("pairs", ...flags),
      succeed("pairs", ...flags, "--out", `${folder}/pairs.jsonl`),
    ]);
    assertEquals(linesOf(stdout).map((row) => parsePair(row).id), ["doc-0", "doc-1", "doc-2"]);
    assertEquals(await Deno.readTextFile(`${folder}/pairs.jsonl`), stdout);
  });
});

Deno.test(
  "pairs with nothing given finds the embedded model from wherever it is started",
  unix,
  async () => {
    await inFolder(async (folder) => {
      const script = `${ROOT}/pipelines/pairs.ts`;
      const { code, stdout, stderr } = await shell(
        `cd '${folder}'; '${Deno.execPath()}' run --no-check -A '${script}' --device cpu | head -1`,
      );
      assertEquals(code, 0, stderr);
      assertEquals(linesOf(stdout).map((row) => parsePair(row).sampler.name), ["model"]);
    });
  },
);

Deno.test("pairs into train is one line of shell", unix, async () => {
  await withDocuments(4, async (folder, flags) => {
    const train = (pairs: string, out: string) => [
      ...["--model", `${folder}/tiny`, "--pairs", pairs, "--out", `${folder}/${out}`],
      ...["--batch-size", "2", ...TRAINING],
    ];
    const { code, stdout, stderr } = await shell(
      `${call("pairs", flags)} | tee '${folder}/pairs.jsonl' | ${
        call("train", train("-", "piped"))
      }`,
    );
    assertEquals({ code, stdout }, { code: 0, stdout: "" }, stderr);
    assertPlain(stderr);
    await succeed("train", ...train(`${folder}/pairs.jsonl`, "filed"));
    const [piped, filed] = await Promise.all(["piped", "filed"].map(async (out) => ({
      weights: (await loadModel(`${folder}/${out}/model`)).parameters,
      losses: (await readLines<StepMetrics>(`${folder}/${out}/metrics.jsonl`))
        .map(({ loss }) => loss),
    })));
    assertEquals(piped, filed);
    assertEquals(piped.losses.length, 2);

    const asked = [...train("-", "asked"), "--steps", "5"];
    const few = await shell(`${call("train", asked)} < '${folder}/pairs.jsonl'`);
    assertEquals(few.code, 0, few.stderr);
    assertStringIncludes(few.stderr, "There were pairs for 2 of 5 steps only");
    const report = JSON.parse(await Deno.readTextFile(`${folder}/asked/report.json`));
    assertEquals([report.pairs, report.steps], [4, 2]);
  });
});

Deno.test("pairs of the same seed are the same bytes, and of another seed others", async () => {
  await withDocuments(3, async (_, flags) => {
    const made = (...seed: string[]) => succeed("pairs", ...flags, ...seed);
    const [first, again, other] = await Promise.all([
      made(),
      made("--seed", "0"),
      made("--seed", "1"),
    ]);
    assertEquals(first.stdout, again.stdout);
    assert(first.stdout !== other.stdout);
  });
});

Deno.test("training of the same seed gives the same metrics and weights, and of another others", async () => {
  await withDocuments(8, async (folder, flags) => {
    const pairs = `${folder}/pairs.jsonl`;
    await succeed("pairs", ...flags, "--out", pairs);
    const trained = async (out: string, seed: string) => {
      await succeed("train", ...[
        ...["--model", `${folder}/tiny`, "--pairs", pairs, "--out", `${folder}/${out}`],
        ...["--batch-size", "2", "--seed", seed, ...TRAINING],
      ]);
      const rows = await readLines<StepMetrics>(`${folder}/${out}/metrics.jsonl`);
      return {
        metrics: rows.map(({ seconds: _, ...others }) => others),
        weights: await Deno.readFile(`${folder}/${out}/model/model.safetensors`),
      };
    };
    const [first, again, other] = await Promise.all(
      [["first", "1"], ["again", "1"], ["other", "2"]].map(([out, seed]) => trained(out, seed)),
    );
    assertEquals(first, again);
    assert(JSON.stringify(first.metrics) !== JSON.stringify(other.metrics));
  });
});
