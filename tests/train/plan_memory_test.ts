import { assert, assertEquals } from "@std/assert";
import {
  graphsOf,
  heldAs,
  type ModelConfig,
  packRow,
  type Parameters,
  parseConfig,
  randomAdapter,
  randomParameters,
  type Tensor,
  WideRoom,
} from "../../lib/model/mod.ts";
import { Random } from "../../lib/flow/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { floats, floatScalar, type HostTensor, observeRuns } from "../../lib/runtime/mod.ts";
import {
  Learner,
  type LearningSize,
  type MomentsName,
  momentStores,
  PART_LENGTH,
  rowSize,
  stepMemory,
} from "../../lib/train/mod.ts";
import { GradientBuffers } from "../../lib/train/gradient_buffers.ts";
import { handingOver, readersOf } from "../../lib/train/hand_over.ts";
import { keptStores } from "../../lib/train/kept/stores.ts";
import { layerKeptBytes } from "../../lib/train/plan/kept_bytes.ts";
import { RowBuffers } from "../../lib/train/row_buffers.ts";
import { chainNames } from "../../lib/train/segments.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";

const lora = { rank: 2, alpha: 4 };
const row = packRow([
  randomDocument(new Random(1), { id: "row", vocabulary: 40, trunk: 50, answers: [[4, 6]] }),
]);
const size = rowSize(row);
const bytesOf = (arrays: Iterable<{ byteLength: number }>) =>
  [...arrays].reduce((sum, { byteLength }) => sum + byteLength, 0);

Deno.test("planned values of layers are what their forward graphs keep", async () => {
  const { config, parameters } = smallModel({ layers: 3 });
  await using learner = await Learner.open(config, parameters, { objective: longpo });
  let kept = 0;
  using _watch = observeRuns(({ name, bytesOut }) => {
    // A layer gives the next one's input in place of its own.
    if (name.endsWith("layer/eval_model.onnx")) kept += bytesOut;
  });
  await learner.accumulate(row, 1);
  assertEquals(stepMemory(config, size).kept, kept);
});

Deno.test("planned values of layers in a file are those that are in memory at once", async () => {
  const { config } = smallModel({ layers: 6 });
  const tokens = 1000;
  const width = config.headCount * config.headSize;
  const buffers = new RowBuffers();
  const made = new Set<ArrayBuffer>();
  const make = (columns: number): HostTensor => {
    const tensor = buffers.make("float32", [tokens, columns]);
    made.add(tensor.data.buffer as ArrayBuffer);
    return tensor;
  };
  const counted = Object.assign(new RowBuffers(), {
    make: (_: string, [, columns]: readonly number[]) => make(columns),
    free: (tensors: Record<string, HostTensor>) => buffers.free(tensors),
  });
  await using kept = await keptStores.disk({ buffers: counted });
  let input = make(config.hiddenSize);
  for (let layer = 0; layer < config.layerCount; layer++) {
    const [mixed, normaliser] = [make(width), make(config.headCount)];
    const next = make(config.hiddenSize);
    await kept.put({ input, mixed, normaliser });
    input = next;
  }
  await kept.turn();
  buffers.free({ input });
  for (let layer = 0; layer < config.layerCount; layer++) buffers.free(await kept.take());

  const planned = stepMemory(config, { tokens, predictions: 1 }, { activations: "disk" }).kept;
  const pieces = 2 ** 23;
  assertEquals(planned - pieces, 2 * layerKeptBytes(config, tokens));
  // Beside them there is the input of the layer after.
  const state = 4 * tokens * config.hiddenSize;
  const held = bytesOf(made);
  assert(held >= planned - pieces && held <= planned - pieces + 2 * state, `${held}`);
});

/** A model with matrices that are quantised, in parts, and others that are not. */
const wide = parseConfig({
  model_type: "llama",
  vocab_size: 5000,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
});

/** Bytes of the moments' tensors of all parameters. */
async function storedBytes(parameters: Parameters, moments: MomentsName): Promise<number> {
  await using store = await momentStores[moments](parameters, {});
  const tensors = store.names.flatMap((name) => Object.values(store.tensors(name)));
  return bytesOf(tensors.map(({ data }) => data as Tensor["data"]));
}

Deno.test("planned moments are those that stores hold", async () => {
  const parameters = randomParameters(wide, 1);
  const planned = (moments: MomentsName) => stepMemory(wide, size, { moments }).moments;
  assertEquals(planned("float32"), await storedBytes(parameters, "float32"));
  const part = 2 * 4 * PART_LENGTH;
  assert(wide.vocabSize * wide.hiddenSize > PART_LENGTH);
  assertEquals(planned("8bit"), await storedBytes(parameters, "8bit") + part);
  assertEquals(planned("disk"), 3 * part);
});

/** Bytes of the gradients that were there at once in a row's backward that hands them over. */
async function mostGradients(config: ModelConfig, learning: Parameters): Promise<number> {
  const buffers = new GradientBuffers(learning);
  const made = new Set<ArrayBuffer>();
  const result = {
    loss: floatScalar(0),
    nll: floatScalar(0),
    logps_chosen: floats(new Float32Array(1), [1]),
  };
  const { embed, layers, head } = chainNames(config);
  const run = handingOver(
    (_segment, _feeds, names) => {
      for (const name of new Set(Object.values(names))) {
        if (buffers.has(name)) made.add(buffers.of(name).buffer);
      }
      return Promise.resolve({ ...result, logps_rejected: result.logps_chosen });
    },
    buffers,
    readersOf({ embed, layers, head }, false),
    { begin() {}, take: () => Promise.resolve() },
  );
  const backward = [head, ...layers.map(({ names }) => names).reverse(), embed];
  for (const names of backward) await run("segment", {}, names);
  return bytesOf(made);
}

Deno.test("planned gradients that are handed over are those that are there at once", async () => {
  for (const tied of [false, true]) {
    const { config, parameters } = smallModel({ tied, layers: 4 });
    const planned = (learning: LearningSize, rows?: number) =>
      stepMemory(config, size, learning, rows).gradients;
    assertEquals(planned({ clips: false }), await mostGradients(config, parameters));
    const all = bytesOf([...parameters.values()].map(({ data }) => data));
    assertEquals([planned({}), planned({ clips: false }, 2)], [all, all]);
  }
});

Deno.test("planned gradients of adapters that are handed over are a layer's", () => {
  const { config } = smallModel({ layers: 4 });
  const all = bytesOf(
    [...randomAdapter(config, lora, 1).parameters.values()].map(({ data }) => data),
  );
  assertEquals(stepMemory(config, size, { lora, clips: false }).gradients, all / 4);
});

Deno.test("planned weights in 16 bits are half, and the largest segment's are widened", () => {
  const { config, parameters } = smallModel({ layers: 2 });
  const { parameterNames: names } = graphsOf(config);
  const room = new WideRoom();
  for (const own of [names.embed(config), names.layer(config, 0), names.head(config)]) {
    room.widen(Object.values(own).map((name) => heldAs(parameters.get(name)!, "bfloat16")));
  }
  const { weights, widened, gradients } = stepMemory(config, size, { dtype: "bfloat16" });
  assertEquals({ weights, widened }, { weights: gradients / 2, widened: room.bytes });
  assertEquals(stepMemory(config, size).widened, 0);
});
