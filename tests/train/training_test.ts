import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { packBatch } from "../../lib/data/mod.ts";
import { createContext } from "../../lib/flow/mod.ts";
import { Random } from "../../lib/flow/random.ts";
import type { Model, Weights } from "../../lib/model/mod.ts";
import { longpo } from "../../lib/objective/mod.ts";
import { Training } from "../../lib/train/mod.ts";
import { randomDocument } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";

const shape = { id: "one", vocabulary: 40, trunk: 20, answers: [[4, 6]] } as const;
const batch = packBatch([randomDocument(new Random("training"), shape)], 64);

async function* stream<T>(value: T): AsyncGenerator<T> {
  yield value;
}

const numbersOf = (parameters: Weights) => [...parameters.values()].map(({ data }) => data.slice());

Deno.test("Training leaves the start as it is, unless it takes it over: then nothing is held twice", async () => {
  const schedule = { learningRate: 1e-2, steps: 1 };
  const trained = await Promise.all([false, true].map(async (takeOver) => {
    const { config, parameters } = smallModel();
    // Of a model, training looks at no more.
    const model = { name: "small", config, parameters } as Model;
    const before = numbersOf(parameters);
    const options = { model, takeOver, objective: longpo, schedule };
    await using training = await Training.open(options);
    await Array.fromAsync(training.optimise()(stream(batch), createContext()));
    const after = numbersOf(training.policy.parameters);
    assertNotEquals(after, before);
    assertEquals(numbersOf(parameters), takeOver ? after : before);
    for (const [name, { data }] of training.policy.parameters) {
      assert((data === parameters.get(name)!.data) === takeOver, name);
    }
    return after;
  }));
  assertEquals(trained[0], trained[1]);
});
