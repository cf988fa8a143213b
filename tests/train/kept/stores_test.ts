import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../lib/flow/mod.ts";
import { Random } from "../../../lib/flow/random.ts";
import { packRow, randomAdapter } from "../../../lib/model/mod.ts";
import { longpo } from "../../../lib/objective/mod.ts";
import { floats, floatsOf } from "../../../lib/runtime/mod.ts";
import {
  type ActivationsName,
  activationsNames,
  type KeptLayers,
  keptStores,
  Learner,
  type LearnerOptions,
} from "../../../lib/train/mod.ts";
import { RowBuffers } from "../../../lib/train/row_buffers.ts";
import { assertCloseArrays } from "../../support/close_gradients.ts";
import { learn } from "../../support/learn.ts";
import { randomDocument } from "../../support/random_document.ts";
import { canMount, onDisk } from "../../support/small_disk.ts";
import { smallModel } from "../../support/small_model.ts";

const random = new Random("kept");
const model = smallModel({ layers: 4 });
const rows = [30, 300, 7, 120].map((trunk) =>
  packRow([randomDocument(random, { id: `${trunk}`, vocabulary: 40, trunk, answers: [[4, 6]] })])
);

/** Of the largest gradient of a matrix: some ten times what the last of 11 bits is of a number. */
const ROUNDED = 5e-3;

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kept" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const filesIn = (folder: string) => Array.fromAsync(Deno.readDir(folder), ({ name }) => name);

async function withStore(
  activations: ActivationsName,
  use: (store: KeptLayers, buffers: RowBuffers) => Promise<void>,
): Promise<void> {
  const buffers = new RowBuffers();
  await using store = await keptStores[activations]({ buffers });
  await use(store, buffers);
}

/** A layer's input, and one number a head, of tokens. */
function layerOf(tokens: number, of: (at: number) => number) {
  const wide = floats(Float32Array.from({ length: tokens * 32 }, (_, at) => of(at)), [tokens, 32]);
  const narrow = floats(Float32Array.from({ length: tokens * 2 }, (_, at) => of(at)), [tokens, 2]);
  return { wide, narrow };
}

for (const adapted of [false, true]) {
  const options: Partial<LearnerOptions> = adapted
    ? { adapter: randomAdapter(model.config, { rank: 2, alpha: 4 }, 3) }
    : {};
  const what = adapted ? "adapters" : "weights";
  Deno.test(`${what} get the same gradients with activations on disk, bit by bit`, async () => {
    const inMemory = await learn(model, rows, 0.25, options);
    assertEquals(await learn(model, rows, 0.25, { ...options, activations: "disk" }), inMemory);
  });

  Deno.test(`${what} get gradients as near as 16 bits are with activations in them`, async () => {
    const exact = await learn(model, rows, 0.25, options);
    const rounded = await learn(model, rows, 0.25, { ...options, activations: "disk16" });
    assertCloseArrays(rounded.gradients, exact.gradients, ROUNDED);
    // The forward goes by what was not rounded.
    assertEquals(rounded.results, exact.results);
  });
}

Deno.test("stores give back last what was put first, row after row, of any length", async () => {
  for (const name of activationsNames) {
    await withStore(name, async (store) => {
      // More than a piece of what is written at once, then less.
      for (const tokens of [2 ** 15 + 77, 3, 50]) {
        const layers = [1, 2, 3].map((layer) => layerOf(tokens, (at) => layer + (at % 512) / 512));
        for (const { wide, narrow } of layers) {
          // The store's from here on; what is compared with is a copy.
          await store.put({
            wide: floats(floatsOf(wide).slice(), wide.shape),
            narrow: floats(floatsOf(narrow).slice(), narrow.shape),
          });
        }
        await store.turn();
        for (const layer of layers.reverse()) assertEquals(await store.take(), layer);
      }
    });
  }
});

Deno.test("disk16 keeps eleven bits of what is wide, of any size, and all of the rest", async () => {
  await withStore("disk16", async (store) => {
    const own = new Random("sizes");
    const numbers = Float32Array.from({ length: 32 * 40 }, () => own.normal());
    for (const size of [1e-44, 1e-30, 1e-3, 1, 1e4, 1e30]) {
      const layer = layerOf(40, (at) => numbers[at] * size);
      const before = floatsOf(layer.wide).slice();
      const exact = floatsOf(layer.narrow).slice();
      await store.put(layer);
      await store.turn();
      const { wide, narrow } = await store.take();
      assertEquals(floatsOf(narrow), exact);
      const largest = Math.max(...before.map(Math.abs));
      floatsOf(wide).forEach((number, at) => {
        const off = Math.abs(number - before[at]);
        // Below 2^-28 of the largest there are fewer bits left.
        assert(off <= Math.max(2 ** -11 * Math.abs(before[at]), 2 ** -38 * largest), `${size}`);
      });
    }
    await store.put(layerOf(4, (at) => [NaN, Infinity, -Infinity, 0][at % 4]));
    await store.turn();
    const { wide } = await store.take();
    assertEquals([...floatsOf(wide).subarray(0, 4)], [NaN, Infinity, -Infinity, 0]);
  });
});

Deno.test("a learner with activations on disk leaves no file, whatever becomes of the row", async () => {
  await inFolder(async (folder) => {
    for (const activations of ["disk", "disk16"] as const) {
      const options = { objective: longpo, activations, activationsFile: `${folder}/activations` };
      {
        await using learner = await Learner.open(model.config, model.parameters, options);
        // Where the system lets files go that are in use, not even a program that is killed leaves one.
        const during = Deno.build.os === "windows" ? ["activations"] : [];
        assertEquals(await filesIn(folder), during);
        await learner.accumulate(rows[0], 1);
        await assertRejects(() => learner.accumulate(rows[1], 1, AbortSignal.abort()));
      }
      assertEquals(await filesIn(folder), []);
    }
  });
});

Deno.test("a row that is stopped on its way leaves the next one as it would be", async () => {
  for (const activations of activationsNames) {
    const options = { objective: longpo, activations };
    await using learner = await Learner.open(model.config, model.parameters, options);
    const whole = await learner.accumulate(rows[0], 1);
    const gradients = new Map([...learner.gradients].map(([name, data]) => [name, data.slice()]));
    for (const turns of [1, 5, 20, 40]) {
      const stop = new AbortController();
      const stopped = learner.accumulate(rows[1], 1, stop.signal).catch((error) => error);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      stop.abort(new Error("enough"));
      await stopped;
      learner.clear();
      assertEquals(await learner.accumulate(rows[0], 1), whole);
      assertEquals(learner.gradients, gradients);
    }
  }
});

Deno.test("activations on disk say what is wrong with their file", async () => {
  const options = {
    objective: longpo,
    activations: "disk",
    activationsFile: "no/such/folder/activations.bin",
  } as const;
  await assertRejects(
    () => Learner.open(model.config, model.parameters, options),
    UserError,
    "Cannot write no/such/folder/activations.bin",
  );
});

Deno.test("activations on disk refuse to be those of a model in one segment", async () => {
  const options = { objective: longpo, activations: "disk", segment: "model" } as const;
  await assertRejects(
    () => Learner.open(model.config, model.parameters, options),
    UserError,
    "one segment",
  );
});

Deno.test(
  "a disk that is full stops the row, and a shorter one goes on",
  { ignore: !canMount },
  async () => {
    await onDisk(100, async (disk) => {
      const activationsFile = `${disk}/activations.bin`;
      const options = { objective: longpo, activations: "disk", activationsFile } as const;
      await using learner = await Learner.open(model.config, model.parameters, options);
      await assertRejects(
        () => learner.accumulate(rows[1], 1),
        UserError,
        `Cannot write ${activationsFile}: No space left on device`,
      );
      learner.clear();
      const { results: [expected] } = await learn(model, [rows[2]], 1, { beta: 0.1, lambda: 0.01 });
      assertEquals(await learner.accumulate(rows[2], 1), expected);
    });
  },
);
