// Ctrl-C in every phase of a run; what is gone on with ends as if nothing had happened.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Report } from "../../lib/evaluate/mod.ts";
import type { StepMetrics } from "../../lib/train/mod.ts";
import { readLines, worldLines, writeLines } from "./support/documents.ts";
import {
  assertPlain,
  exists,
  fail,
  filesOf,
  inFolder,
  PAIRS,
  start,
  succeed,
  TRAINING,
} from "./support/program.ts";
import { writeTinyModel } from "./support/tiny_model.ts";

const unix = { ignore: Deno.build.os === "windows" };

/** When to press Ctrl-C, and what must not be there yet. */
interface Phase {
  name: string;
  /** Whether it has begun, by what the run has said and what its folder holds. */
  hasBegun(said: string, folder: string): Promise<boolean>;
  /** Files under their final names that the run is not at yet. */
  unfinished: string[];
}

const holds = async (path: string): Promise<boolean> =>
  await Deno.stat(path).then(({ size }) => size > 0, () => false);

const phases: Phase[] = [
  {
    name: "exam",
    hasBegun: (said) => Promise.resolve(said.includes("exam: the model as it came")),
    unfinished: ["pairs.jsonl", "metrics.jsonl", "model", "report.json"],
  },
  {
    name: "pairs",
    hasBegun: (_, folder) => holds(`${folder}/pairs.jsonl.part`),
    unfinished: ["pairs.jsonl", "metrics.jsonl", "model", "report.json"],
  },
  {
    name: "training",
    hasBegun: (_, folder) => holds(`${folder}/metrics.jsonl.part`),
    unfinished: ["metrics.jsonl", "model", "report.json"],
  },
  {
    name: "saving",
    hasBegun: (_, folder) => exists(`${folder}/metrics.jsonl`),
    unfinished: ["report.json"],
  },
  {
    name: "last exam",
    hasBegun: (said) => Promise.resolve(said.includes("exam: the trained policy")),
    unfinished: ["report.json"],
  },
];

/** Starts a run, presses Ctrl-C in a phase, and gives what it said. */
async function stoppedIn(phase: Phase, flags: readonly string[], folder: string): Promise<string> {
  const child = start("longpo", flags);
  let said = "";
  const listening = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) said += text;
  })();
  let ended = false;
  const status = child.status.finally(() => ended = true);
  while (!ended && !await phase.hasBegun(said, folder)) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (!ended) child.kill("SIGINT");
  const [{ code }] = await Promise.all([status, listening, child.stdout.cancel()]);
  assertEquals(code, 130, `${phase.name}: ${said}`);
  return said;
}

async function resultOf(folder: string) {
  const { seconds: _, ...report }: Report = JSON.parse(
    await Deno.readTextFile(`${folder}/report.json`),
  );
  const metrics = await readLines<StepMetrics>(`${folder}/metrics.jsonl`);
  return {
    report,
    metrics: metrics.map(({ seconds: _, ...others }) => others),
    pairs: await Deno.readTextFile(`${folder}/pairs.jsonl`),
    weights: await Deno.readFile(`${folder}/model/model.safetensors`),
    files: await filesOf(folder),
  };
}

Deno.test(
  "longpo that is stopped in every phase ends as the run that never was",
  unix,
  async () => {
    await inFolder(async (folder) => {
      await writeTinyModel(`${folder}/tiny`);
      const short = { ...worldLines(1, { tokens: 20 })[0], id: "short" };
      const lines = worldLines(30).map(({ questions: [one, ...others], ...line }) => ({
        ...line,
        questions: [one, `${one} `, ...others],
      }));
      await writeLines(`${folder}/documents.jsonl`, [short, ...lines]);
      const flags = (out: string) => [
        ...["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`],
        ...["--batch-size", "2", "--learning-rate", "1e-3", "--save-steps", "7"],
        ...["--rounds", "2"],
        ...["--out", `${folder}/${out}`, ...PAIRS, "--turns", "4"],
      ];
      const whole = succeed("longpo", ...flags("whole"));
      for (const phase of phases) {
        const said = await stoppedIn(phase, flags("stopped"), `${folder}/stopped`);
        assertPlain(said);
        assert(!said.includes("error"), said);
        assertStringIncludes(said, "Stopping after what is in hand; Ctrl-C again stops at once");
        assertStringIncludes(said, `To go on: run the same command again: ${folder}/stopped holds`);
        for (const name of phase.unfinished) {
          assertEquals(await exists(`${folder}/stopped/${name}`), false, `${phase.name}: ${name}`);
        }
      }
      await succeed("longpo", ...flags("stopped"));
      await whole;
      const [expected, found] = await Promise.all([
        resultOf(`${folder}/whole`),
        resultOf(`${folder}/stopped`),
      ]);
      assertEquals(found.report, expected.report);
      assertEquals(found.metrics, expected.metrics);
      assertEquals(found.pairs, expected.pairs);
      assertEquals(found.weights, expected.weights);
      assertEquals(found.files, expected.files);
      assertEquals(expected.report.dropped["shorter than a chunk"], 1);
      assert(expected.report.dropped["turns dropped: question asked before"] > 20);
    });
  },
);

Deno.test("train that is stopped waits for no pair of a silent stream", unix, async () => {
  await inFolder(async (folder) => {
    await writeTinyModel(`${folder}/tiny`);
    const flags = ["--model", `${folder}/tiny`, "--pairs", "-", "--steps", "1"];
    const child = start("train", [...flags, "--out", `${folder}/run`, ...TRAINING], "piped");
    while (!await exists(`${folder}/run/metrics.jsonl.part`)) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    child.kill("SIGTERM");
    const { code, stderr } = await child.output();
    await child.stdin.close();
    assertEquals(code, 143, new TextDecoder().decode(stderr));
  });
});

Deno.test(
  "pairs that is stopped goes on behind what it has, and repeats nothing",
  unix,
  async () => {
    await inFolder(async (folder) => {
      await writeTinyModel(`${folder}/tiny`);
      await writeLines(`${folder}/documents.jsonl`, worldLines(60));
      const flags = (out: string) => [
        ...["--model", `${folder}/tiny`, "--documents", `${folder}/documents.jsonl`],
        ...["--out", `${folder}/${out}`, ...PAIRS],
      ];
      const child = start("pairs", flags("stopped.jsonl"));
      while (!await holds(`${folder}/stopped.jsonl.part`)) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      child.kill("SIGTERM");
      const { code, stderr } = await child.output();
      const said = new TextDecoder().decode(stderr);
      assertEquals(code, 143, said);
      assertStringIncludes(said, "To go on: run the same command again");
      const kept = (await readLines(`${folder}/stopped.jsonl.part`)).length;
      assert(kept > 0 && kept < 60, `${kept}`);

      await fail("pairs", [...flags("stopped.jsonl"), "--seed", "1"], [
        `${folder}/stopped.jsonl.part holds pairs of a run with another model, seed or layout`,
        "hint: Remove it",
      ]);
      await writeTinyModel(`${folder}/other`, { seed: 2 });
      await fail("pairs", flags("stopped.jsonl").with(1, `${folder}/other`), ["another model"]);

      const { stderr: rest } = await succeed("pairs", ...flags("stopped.jsonl"));
      assertStringIncludes(rest, `made before ${kept}`);
      assertStringIncludes(rest, `${folder}/stopped.jsonl.part has ${kept} pairs already`);
      assertStringIncludes(rest, "pairs: 60, ");
      await succeed("pairs", ...flags("whole.jsonl"));
      assertEquals(
        await Deno.readTextFile(`${folder}/stopped.jsonl`),
        await Deno.readTextFile(`${folder}/whole.jsonl`),
      );
    });
  },
);
