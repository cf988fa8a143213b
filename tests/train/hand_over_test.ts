import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { type Batch, packBatch } from "../../lib/data/mod.ts";
import { createContext, UserError } from "../../lib/flow/mod.ts";
import { Random } from "../../lib/flow/random.ts";
import { type Adapter, type PackedRow, packRow, randomAdapter } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import {
  AdamW,
  type AdamWOptions,
  type Gradients,
  Learner,
  optimise,
  saveCheckpoint,
  type StepMetrics,
  trainStep,
} from "../../lib/train/mod.ts";
import { momentsOf } from "../support/moments_of.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";

const random = new Random("hand over");
const documents = [30, 12, 21].map((trunk) =>
  randomDocument(random, { id: `${trunk}`, vocabulary: 40, trunk, answers: [[4, 6]] })
);
const oneRow = packBatch(documents, 1000);
const threeRows = packBatch(documents, 1);
const unclipped: AdamWOptions = { maxGradientNorm: Infinity, weightDecay: 0.1 };

interface State {
  learner: Learner;
  optimizer: AdamW;
}

async function withState<T>(
  options: { tied?: boolean; segment?: "layer" | "model"; adapter?: Adapter; adamW?: AdamWOptions },
  use: (state: State) => Promise<T>,
): Promise<T> {
  const { tied, segment, adapter, adamW = unclipped } = options;
  const { config, parameters } = smallModel({ tied, layers: 3 });
  const learning = { objective: longpo, segment, adapter };
  await using learner = await Learner.open(config, parameters, learning);
  await using optimizer = await AdamW.open(learner.artifacts, learner.learning, adamW);
  return await use({ learner, optimizer });
}

/** All rows first, then the update: as it is where gradients are clipped. */
async function plainStep({ learner, optimizer }: State, batch: Batch): Promise<number> {
  learner.clear();
  for (const row of batch.rows) await learner.accumulate(row, 1 / batch.documents);
  return await optimizer.update(learner.learning, learner.gradients, 1e-2);
}

const weights = ({ learner }: State) =>
  new Map([...learner.learning].map(([name, { data }]) => [name, data.slice()]));

const state = async (of: State) => [weights(of), await momentsOf(of.optimizer.moments)];

for (const tied of [false, true]) {
  for (const segment of ["layer", "model"] as const) {
    const which = `${tied ? "tied" : "separate"} embeddings, by ${segment}`;
    Deno.test(`steps update while they go what they update in the end, bit by bit: ${which}`, async () => {
      const batches = [oneRow, threeRows, oneRow, oneRow];
      const plain = await withState({ tied, segment }, async (of) => {
        const norms = [];
        for (const batch of batches) norms.push(await plainStep(of, batch));
        return [norms, await state(of)];
      });
      const asTheyGo = await withState({ tied, segment }, async (of) => {
        const norms = [];
        for (const batch of batches) {
          norms.push((await trainStep(of.learner, of.optimizer, batch, 1e-2)).grad_norm);
        }
        assertEquals(of.optimizer.step, batches.length);
        return [norms, await state(of)];
      });
      assertEquals(asTheyGo, plain);
    });
  }
}

Deno.test("adapters update while a step goes what they update in its end, bit by bit", async () => {
  const adapter = () => randomAdapter(smallModel({ layers: 3 }).config, { rank: 2, alpha: 4 }, 1);
  const plain = await withState({ adapter: adapter() }, async (of) => {
    const norms = [await plainStep(of, oneRow), await plainStep(of, oneRow)];
    return [norms, await state(of)];
  });
  const asTheyGo = await withState({ adapter: adapter() }, async (of) => {
    const norms = [];
    for (let step = 0; step < 2; step++) {
      norms.push((await trainStep(of.learner, of.optimizer, oneRow, 1e-2)).grad_norm);
    }
    return [norms, await state(of)];
  });
  assertEquals(asTheyGo, plain);
});

/** Gradients as they are handed over, in the order in which they are, and how many buffers that took. */
async function handedOver(tied: boolean, row: PackedRow) {
  return await withState({ tied }, async ({ learner }) => {
    const handed: string[][] = [];
    const copies = new Map<string, Float32Array>();
    const buffers = new Set<ArrayBuffer>();
    await learner.accumulate(row, 1, undefined, {
      begin: ({ loss }) => assert(loss > 0 && handed.length === 0),
      take: (gradients) => {
        handed.push([...gradients.keys()]);
        for (const [name, data] of gradients) {
          copies.set(name, data.slice());
          buffers.add(data.buffer);
        }
        return Promise.resolve();
      },
    });
    return {
      handed,
      copies,
      bytes: [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0),
    };
  });
}

Deno.test("gradients are handed over once, whole, segment by segment from the last to the first", async () => {
  for (const tied of [false, true]) {
    const row = packRow(documents);
    const { handed, copies, bytes } = await handedOver(tied, row);
    assertEquals(handed.length, 5);
    const ofHead = tied ? ["model.norm.weight"] : ["model.norm.weight", "lm_head.weight"];
    assertEquals(handed[0].toSorted(), ofHead.toSorted());
    for (const [at, names] of handed.slice(1, 4).entries()) {
      assertEquals(names.length, 9);
      assert(names.every((name) => name.startsWith(`model.layers.${2 - at}.`)), `${names}`);
    }
    assertEquals(handed[4], ["model.embed_tokens.weight"]);

    const expected = await withState({ tied }, async ({ learner }) => {
      await learner.accumulate(row, 1);
      return learner.gradients;
    });
    assertEquals(new Set(copies.keys()), new Set(expected.keys()));
    for (const [name, data] of expected) assertEquals(copies.get(name), data, name);

    // The vocabulary's matrix once, one layer, and the last norm in the place of a layer's.
    const { learner } = await withState({ tied }, (of) => Promise.resolve(of));
    const layer = [...learner.learning.values()].filter(({ name }) => name.includes("layers.0."));
    const numbers = layer.reduce((sum, { data }) => sum + data.length, 40 * 16);
    assertEquals(bytes, 4 * numbers);
  }
});

Deno.test("a loss that is no number stops an unclipped step before anything is updated", async () => {
  await withState({}, async (of) => {
    const [row] = oneRow.rows;
    const broken = { ...row, referenceChosen: row.referenceChosen.with(0, NaN) };
    const before = weights(of);
    const step = (rows: PackedRow[]) =>
      trainStep(of.learner, of.optimizer, { ...oneRow, rows }, 1e-2);
    await assertRejects(() => step([broken]), UserError, "The loss of step 1 is NaN");
    assertEquals(weights(of), before);
    assertEquals([of.optimizer.isTorn, of.optimizer.step], [false, 0]);
    const { grad_norm } = await step([row]);
    assertEquals(of.optimizer.step, 1);
    assertEquals(grad_norm, await withState({}, (again) => plainStep(again, oneRow)));
  });
});

Deno.test("an unclipped step can be aborted before its first update, and ends once that is made", async () => {
  await withState({}, async (of) => {
    const reason = new Error("enough");
    const aborted = AbortSignal.abort(reason);
    const before = weights(of);
    const step = (signal: AbortSignal) => trainStep(of.learner, of.optimizer, oneRow, 1e-2, signal);
    await assertRejects(() => step(aborted), Error, "enough");
    assertEquals([weights(of), of.optimizer.isTorn], [before, false]);

    const controller = new AbortController();
    const begin = of.optimizer.begin.bind(of.optimizer);
    of.optimizer.begin = (rate) => {
      const open = begin(rate);
      return {
        end: open.end,
        update: (parameters, gradients) => {
          controller.abort(reason);
          return open.update(parameters, gradients);
        },
      };
    };
    assertEquals((await step(controller.signal)).step, 1);
    assertEquals(of.optimizer.isTorn, false);
  });
});

Deno.test("a step of adapters whose first gradients are no numbers leaves all as it was", async () => {
  const adapter = randomAdapter(smallModel({ layers: 3 }).config, { rank: 2, alpha: 4 }, 1);
  await withState({ adapter }, async (of) => {
    const before = weights(of);
    const begin = of.optimizer.begin.bind(of.optimizer);
    of.optimizer.begin = (rate) => {
      const { update, end } = begin(rate);
      return {
        end,
        update: (parameters, gradients) =>
          update(parameters, new Map([...gradients].map(([name, data]) => [name, data.fill(NaN)]))),
      };
    };
    const step = () => trainStep(of.learner, of.optimizer, oneRow, 1e-2);
    await assertRejects(step, UserError, "step 1 is NaN; the model was left as it was before");
    assertEquals([weights(of), of.optimizer.isTorn], [before, false]);
  });
});

/** Two steps, of which the second breaks off in its update. */
async function brokenOff(
  of: State,
  checkpoint: { path: string; every: number; run: Record<string, string> },
): Promise<void> {
  const begin = of.optimizer.begin.bind(of.optimizer);
  of.optimizer.begin = (rate) => {
    const { update, end } = begin(rate);
    const spoilt = (gradients: Gradients): Gradients =>
      new Map([...gradients].map(([name, data]) => [
        name,
        name.includes("layers.1.") && of.optimizer.step === 1 ? data.fill(Infinity) : data,
      ]));
    return { update: (parameters, gradients) => update(parameters, spoilt(gradients)), end };
  };
  const told: StepMetrics[] = [];
  const source = (async function* () {
    yield* [oneRow, oneRow, oneRow];
  })();
  const run = async () => {
    const stage = optimise({ ...of, schedule: { learningRate: 1e-2, steps: 3 }, checkpoint });
    for await (const metrics of stage(source, createContext())) told.push(metrics);
  };
  await assertRejects(run, UserError, "step 2 is Infinity; what was updated before is lost");
  assertEquals([told.length, of.optimizer.step, of.optimizer.isTorn], [1, 1, true]);
}

Deno.test("a step that breaks off in its update is told apart, and nothing of it is kept", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await withState({}, async (of) => {
      const path = `${folder}/checkpoint.safetensors`;
      await brokenOff(of, { path, every: 1, run: {} });
      const kept = await Deno.stat(path);
      assertLess(0, kept.size);

      const save = () => saveCheckpoint(path, of.learner.learning, of.optimizer, {});
      await assertRejects(save, TypeError, "ended half-way");
      await assertRejects(() => plainStep(of, oneRow), UserError, "Step 2 ended half-way");
      assertThrows(() => of.optimizer.begin(1), UserError, "Step 2 ended half-way");
      assertEquals((await Deno.stat(path)).mtime, kept.mtime);
    });
    await withState({}, async (of) => {
      const path = `${folder}/none.safetensors`;
      await brokenOff(of, { path, every: 2, run: {} });
      await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("AdamW refuses to update single parameters where it clips", async () => {
  await withState({ adamW: { maxGradientNorm: 1 } }, ({ optimizer }) => {
    assertEquals(optimizer.clips, true);
    assertThrows(() => optimizer.begin(1), TypeError, "while gradients are clipped");
    return Promise.resolve();
  });
});
