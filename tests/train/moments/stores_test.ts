import { Buffer } from "node:buffer";
import { assert, assertEquals, assertLess, assertNotEquals, assertRejects } from "@std/assert";
import { type Batch, packBatch } from "../../../lib/data/mod.ts";
import { UserError } from "../../../lib/flow/mod.ts";
import { Random } from "../../../lib/flow/random.ts";
import { type Parameters, parseConfig, randomParameters } from "../../../lib/model/mod.ts";
import { sft } from "../../../lib/objective/mod.ts";
import { buildArtifacts } from "../../../lib/onnx/mod.ts";
import {
  AdamW,
  type AdamWOptions,
  Learner,
  loadCheckpoint,
  type MomentsName,
  momentsNames,
  PART_LENGTH,
  saveCheckpoint,
  trainStep,
} from "../../../lib/train/mod.ts";
import { relativeError } from "../../support/golden_cases.ts";
import { momentsOf } from "../../support/moments_of.ts";
import { randomDocument } from "../../support/random_document.ts";

/** A model whose matrices, but for those of keys and values, have numbers enough to be quantised. */
const config = parseConfig({
  model_type: "llama",
  vocab_size: 80,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  tie_word_embeddings: true,
});

const random = new Random("stores");
const batches: Batch[] = Array.from({ length: 4 }, (_, at) =>
  packBatch(
    [20, 9].map((trunk) =>
      randomDocument(random, { id: `${at}/${trunk}`, vocabulary: 80, trunk, answers: [[4, 6]] })
    ),
    64,
  ));

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface State {
  parameters: Parameters;
  learner: Learner;
  optimizer: AdamW;
}

async function withState<T>(
  options: AdamWOptions,
  use: (state: State) => Promise<T>,
): Promise<T> {
  const parameters = randomParameters(config, 3);
  await using learner = await Learner.open(config, parameters, { objective: sft });
  await using optimizer = await AdamW.open(learner.artifacts, parameters, options);
  return await use({ parameters, learner, optimizer });
}

/** Trains on batches again and again, and gives the losses. */
async function train({ learner, optimizer }: State, from: number, to: number): Promise<number[]> {
  const losses = [];
  for (let step = from; step < to; step++) {
    const batch = batches[step % batches.length];
    losses.push((await trainStep(learner, optimizer, batch, 3e-3)).loss);
  }
  return losses;
}

Deno.test("8-bit moments learn what float32 ones do to 0.03 nats, over 60 steps", async () => {
  const steps = 60;
  const losses = (moments: MomentsName) =>
    withState({ moments }, (state) => train(state, 0, steps));
  const [exact, rounded] = [await losses("float32"), await losses("8bit")];
  assertLess(exact[steps - 1], exact[0] / 4);
  assertNotEquals(rounded, exact);
  for (const [at, loss] of exact.entries()) {
    assertLess(Math.abs(rounded[at] - loss), 0.03, `step ${at + 1}`);
  }
});

Deno.test("moments in a file learn what those in memory do, bit by bit, over many parts", async () => {
  await inFolder(async (folder) => {
    const lengths = { long: 3 * PART_LENGTH + 5, even: PART_LENGTH, short: 3 };
    const draw = (seed: string) =>
      new Map(
        Object.entries(lengths).map(([name, length]) => {
          const numbers = new Random(`${seed} ${name}`);
          return [name, Float32Array.from({ length }, () => numbers.next() - 0.5)] as const;
        }),
      );
    const learn = async (options: AdamWOptions) => {
      const parameters: Parameters = new Map(
        [...draw("start")].map(([name, data]) => [name, { name, shape: [1, data.length], data }]),
      );
      await using optimizer = await AdamW.open(buildArtifacts([]), parameters, options);
      const norms = [];
      for (const step of ["one", "two", "three"]) {
        norms.push(await optimizer.update(parameters, draw(step), 0.1));
      }
      return { parameters, norms, moments: await momentsOf(optimizer.moments) };
    };
    const inMemory = await learn({ weightDecay: 0.1 });
    const momentsFile = `${folder}/moments`;
    const onDisk = await learn({ weightDecay: 0.1, moments: "disk", momentsFile });
    for (const [name, { data }] of inMemory.parameters) {
      // Not with `assertEquals`, which takes long to compare so many numbers.
      const same = Buffer.compare(bytes(data), bytes(onDisk.parameters.get(name)!.data)) === 0;
      assert(same, name);
    }
    for (const [name, data] of inMemory.moments) {
      assert(Buffer.compare(bytes(data), bytes(onDisk.moments.get(name)!)) === 0, name);
    }
    assertEquals(onDisk.norms, inMemory.norms);
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  });
});

for (const moments of momentsNames) {
  Deno.test(`a resumed run with ${moments} moments is the uninterrupted one, bit by bit`, async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/checkpoint.safetensors`;
      const momentsFile = `${folder}/moments`;
      const state = async ({ parameters, optimizer }: State) => [
        optimizer.step,
        parameters,
        await momentsOf(optimizer.moments),
      ];
      const whole = await withState({ moments, momentsFile }, async (of) => {
        const losses = await train(of, 0, 5);
        return [losses, await state(of)];
      });
      await withState({ moments, momentsFile }, async (of) => {
        await train(of, 0, 3);
        await saveCheckpoint(path, of.parameters, of.optimizer, {});
        await train(of, 3, 4);
      });
      const resumed = await withState({ moments, momentsFile }, async (of) => {
        await loadCheckpoint(path, of.parameters, of.optimizer, {});
        const losses = await train(of, 3, 5);
        return [[...(whole[0] as number[]).slice(0, 3), ...losses], await state(of)];
      });
      assertEquals(resumed, whole);
    });
  });
}

Deno.test("a run goes on from float32 moments in memory or in a file, and not from 8-bit ones", async () => {
  await inFolder(async (folder) => {
    const path = (moments: string) => `${folder}/${moments}.safetensors`;
    for (const moments of momentsNames) {
      await withState({ moments }, async ({ parameters, ...of }) => {
        await train({ parameters, ...of }, 0, 2);
        await saveCheckpoint(path(moments), parameters, of.optimizer, {});
      });
    }
    assertEquals(await Deno.readFile(path("disk")), await Deno.readFile(path("float32")));
    await withState({ moments: "disk" }, async ({ parameters, optimizer }) => {
      await loadCheckpoint(path("float32"), parameters, optimizer, {});
      assertEquals(optimizer.step, 2);
      const load = () => loadCheckpoint(path("8bit"), parameters, optimizer, {});
      await assertRejects(load, UserError, "with moments 8bit, not float32");
    });
    await withState({ moments: "8bit" }, async ({ parameters, optimizer }) => {
      const before = randomParameters(config, 3);
      const load = () => loadCheckpoint(path("float32"), parameters, optimizer, {});
      await assertRejects(load, UserError, "with moments float32, not 8bit");
      assertEquals(parameters, before);
    });
    const [small, large] = await Promise.all(
      ["8bit", "float32"].map(async (moments) => (await Deno.stat(path(moments))).size),
    );
    assertLess(small, 0.62 * large);
  });
});

Deno.test("a step that a moments' file fails in is torn, and says why", async () => {
  await inFolder(async (folder) => {
    const momentsFile = `${folder}/moments`;
    await withState({ moments: "disk", momentsFile }, async (state) => {
      await train(state, 0, 1);
      const { moments } = state.optimizer;
      const parts = moments.parts.bind(moments);
      moments.parts = async function* (name) {
        if (name.includes("layers.1.")) throw new UserError(`Cannot read ${momentsFile}`);
        yield* parts(name);
      };
      await assertRejects(() => train(state, 1, 2), UserError, `Cannot read ${momentsFile}`);
      assertEquals([state.optimizer.step, state.optimizer.isTorn], [1, true]);
    });
  });
});

Deno.test("8-bit moments leave small parameters at float32", async () => {
  await withState({ moments: "8bit" }, ({ optimizer }) => {
    const kinds = (name: string) => Object.keys(optimizer.moments.tensors(name));
    assertEquals(kinds("model.norm.weight"), ["first_moment", "second_moment"]);
    assertEquals(kinds("model.layers.0.self_attn.k_proj.weight"), [
      "first_moment",
      "second_moment",
    ]);
    assertEquals(kinds("model.embed_tokens.weight"), [
      "first_moment_codes",
      "first_moment_scales",
      "second_moment_codes",
      "second_moment_scales",
    ]);
    return Promise.resolve();
  });
});

Deno.test("8-bit moments divide by no root of 0 where numbers of very different sizes share a block", async () => {
  const length = 8192;
  const gradient = Float32Array.from({ length }, (_, at) => at % 2 === 0 ? 1 : 1e-5);
  const learn = async (moments: MomentsName) => {
    const data = new Float32Array(length);
    const parameters: Parameters = new Map([["w", { name: "w", shape: [length], data }]]);
    const options = { moments, maxGradientNorm: Infinity };
    await using optimizer = await AdamW.open(buildArtifacts([]), parameters, options);
    await optimizer.update(parameters, new Map([["w", gradient]]), 0.1);
    const still = new Map([["w", new Float32Array(length)]]);
    for (let step = 0; step < 10; step++) await optimizer.update(parameters, still, 0.1);
    return data;
  };
  const [exact, rounded] = [await learn("float32"), await learn("8bit")];
  const even = (numbers: Float32Array) => numbers.filter((_, at) => at % 2 === 0);
  assertLess(relativeError(even(rounded), even(exact)), 0.02);
  // The small ones' spread is rounded up: their steps are shorter, in the same direction.
  for (let at = 1; at < length; at += 2) {
    assert(rounded[at] <= 0 && rounded[at] >= 1.01 * exact[at], `${rounded[at]} ${exact[at]}`);
  }
});

function bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

Deno.test("moments in a file leave nothing in its folder, even while they are in use", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await inFolder(async (folder) => {
    await withState({ moments: "disk", momentsFile: `${folder}/moments` }, async (state) => {
      await train(state, 0, 1);
      assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
    });
  });
});
