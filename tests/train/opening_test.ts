// What is opened is freed again, also where something that is opened later fails.
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { UserError } from "../../lib/flow/mod.ts";
import { longpo, objectiveNamed, PreferenceMeter, sft } from "../../lib/objective/mod.ts";
import { buildArtifacts, OPTIMIZER_PATHS, writeArtifacts } from "../../lib/onnx/mod.ts";
import { Session } from "../../lib/runtime/mod.ts";
import {
  AdamW,
  builtFor,
  Learner,
  loadArtifacts,
  trainingSegments,
  trainStep,
} from "../../lib/train/mod.ts";
import { smallModel } from "../support/small_model.ts";

const { config, parameters } = smallModel();
const purpose = { config, objective: longpo, aggregation: "sum" } as const;
const artifacts = () => buildArtifacts(trainingSegments(config, longpo, "sum"));

/** The names of sessions that are freed while something runs. */
async function freedDuring(run: () => Promise<unknown>): Promise<string[]> {
  const freed: string[] = [];
  const dispose = Session.prototype[Symbol.asyncDispose];
  Session.prototype[Symbol.asyncDispose] = function (this: Session) {
    freed.push(this.name);
    return dispose.call(this);
  };
  try {
    await run();
  } finally {
    Session.prototype[Symbol.asyncDispose] = dispose;
  }
  return freed.sort();
}

Deno.test("Learner.open frees what it has opened where a graph cannot be opened", async () => {
  const broken = artifacts().set("head/training_model.onnx", Uint8Array.of(1, 2, 3));
  const freed = await freedDuring(() =>
    assertRejects(
      () => Learner.open(config, parameters, { objective: longpo, artifacts: broken }),
      UserError,
      "head/training_model.onnx cannot be opened",
    )
  );
  assertEquals(freed, [
    "embed/eval_model.onnx",
    "embed/training_model.onnx",
    "layer/eval_model.onnx",
    "layer/training_model.onnx",
  ]);
});

Deno.test("AdamW.open frees its graph where moments cannot be kept", async () => {
  const options = { moments: "disk", momentsFile: "no/such/folder/moments.bin" } as const;
  const freed = await freedDuring(() =>
    assertRejects(() => AdamW.open(artifacts(), parameters, options), UserError, "moments.bin")
  );
  assertEquals(freed, [OPTIMIZER_PATHS.update]);
});

Deno.test("Learner.open names a graph that is not among the artifacts", async () => {
  const fewer = artifacts();
  fewer.delete("layer/eval_model.onnx");
  await assertRejects(
    () => Learner.open(config, parameters, { objective: longpo, artifacts: fewer }),
    UserError,
    "no layer/eval_model.onnx",
  );
});

Deno.test("loadArtifacts gives back what was written, whatever weights and layers", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeArtifacts(`${folder}/a`, artifacts(), builtFor(purpose));
    const deeper = smallModel({ layers: 3, seed: 8 }).config;
    assertEquals(await loadArtifacts(`${folder}/a`, { ...purpose, config: deeper }), artifacts());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("loadArtifacts refuses graphs of another shape, objective or aggregation", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeArtifacts(folder, artifacts(), builtFor(purpose));
    const others = [
      {
        objective: objectiveNamed("dpo"),
        says: "built for objective longpo, and this run needs dpo",
      },
      { aggregation: "mean", says: "aggregation sum, and this run needs mean" },
      { config: { ...config, hiddenSize: 32 }, says: "hiddenSize 16, and this run needs 32" },
    ] as const;
    for (const { says, ...other } of others) {
      const error = await assertRejects(
        () => loadArtifacts(folder, { ...purpose, ...other }),
        UserError,
        says,
      );
      assertStringIncludes(error.message, folder);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("metrics and steps of no documents are refused", async () => {
  assertThrows(() => new PreferenceMeter(0.1).metrics(), RangeError, "no documents");
  await using learner = await Learner.open(config, smallModel().parameters, { objective: sft });
  await using optimizer = await AdamW.open(learner.artifacts, learner.parameters);
  await assertRejects(
    () => trainStep(learner, optimizer, { rows: [], documents: 0, tokens: 0 }, 1e-3),
    RangeError,
    "no documents",
  );
  assertEquals(optimizer.step, 0);
});
