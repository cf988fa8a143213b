import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Random } from "../../lib/flow/random.ts";
import { packRow, type SequencedDocument } from "../../lib/model/mod.ts";
import { type Objective, sft } from "../../lib/objective/mod.ts";
import { add, mul, readArtifacts, reduceSum, writeArtifacts } from "../../lib/onnx/mod.ts";
import { Learner } from "../../lib/train/mod.ts";
import { assertCloseArrays } from "../support/close_gradients.ts";
import { relativeError } from "../support/golden_cases.ts";
import { learn, type Learnt, total } from "../support/learn.ts";
import { randomDocument, separateSequences } from "../support/random_document.ts";
import { smallModel } from "../support/small_model.ts";

const random = new Random("exactness");
const document = (id: string, trunk: number, answers: [number, number][]): SequencedDocument =>
  randomDocument(random, { id, vocabulary: 40, trunk, answers });

/** One document beyond a block of attention and a chunk of the head, and two short ones. */
const documents = [
  document("long", 300, [[9, 12], [7, 3], [4, 5]]),
  document("short", 11, [[1, 6]]),
  document("middle", 40, [[5, 5], [8, 2]]),
];

/** A loss that is linear in each turn's log-probs: the references are the weights. */
const linear: Objective = {
  name: "linear",
  reference: "none",
  nll: "all",
  usesRejected: true,
  build(g, { chosen, rejected, referenceChosen, referenceRejected, nll }) {
    const weighted = add(g, mul(g, chosen, referenceChosen), mul(g, rejected, referenceRejected));
    return { loss: add(g, nll, reduceSum(g, weighted, [0], false)) };
  },
};

function assertSameLearnt(actual: Learnt, expected: Learnt): void {
  const loss = (learnt: Learnt) => total(learnt.results, (result) => result.loss);
  const nll = (learnt: Learnt) => total(learnt.results, (result) => result.nll);
  assertAlmostEquals(loss(actual), loss(expected), 1e-5 * Math.abs(loss(expected)));
  assertAlmostEquals(nll(actual), nll(expected), 1e-5 * nll(expected));
  assertCloseArrays(actual.gradients, expected.gradients);
}

/** `[turns]` of all rows, one after another. */
function turns(learnt: Learnt, side: "chosen" | "rejected"): number[] {
  return learnt.results.flatMap(({ logProbs }) => Array.from(logProbs[side]));
}

Deno.test("documents packed in one row learn what each learns alone", async () => {
  for (const aggregation of ["sum", "mean", "logsumexp"] as const) {
    const model = smallModel();
    const packed = await learn(model, [packRow(documents)], 1 / 3, { aggregation });
    const rows = documents.map((document) => packRow([document]));
    const alone = await learn(model, rows, 1 / 3, { aggregation });
    assertSameLearnt(packed, alone);
    for (const side of ["chosen", "rejected"] as const) {
      assert(relativeError(turns(packed, side), turns(alone, side)) < 1e-5);
    }
  }
});

Deno.test("the order of documents in a row changes nothing", async () => {
  const model = smallModel({ tied: true });
  const forwards = await learn(model, [packRow(documents)], 1);
  const backwards = await learn(model, [packRow(documents.toReversed())], 1);
  assertSameLearnt(backwards, forwards);
});

Deno.test("a shared trunk learns what sequences of their own learn", async () => {
  const model = smallModel();
  const options = { objective: linear };
  for (const document of documents) {
    const shared = await learn(model, [packRow([document])], 1, options);
    const separate = await learn(model, [packRow(separateSequences(document))], 1, options);
    assertSameLearnt(shared, separate);

    // A lone sequence's turns are its own side's: the other side's are empty, that is 0.
    const count = document.referenceChosen.length;
    const chosen = turns(separate, "chosen");
    const rejected = turns(separate, "rejected");
    assertEquals([...chosen.slice(count), ...rejected.slice(0, count)], Array(2 * count).fill(0));
    assert(relativeError(turns(shared, "chosen"), chosen.slice(0, count)) < 1e-5);
    assert(relativeError(turns(shared, "rejected"), rejected.slice(count)) < 1e-5);
  }
});

Deno.test("what is scaled by half and learnt twice is what is learnt once", async () => {
  const model = smallModel();
  const row = packRow(documents);
  assertSameLearnt(await learn(model, [row, row], 0.25), await learn(model, [row], 0.5));
});

Deno.test("clear forgets the gradients, and learning leaves the weights alone", async () => {
  const { config, parameters } = smallModel();
  const before = new Map([...parameters].map(([name, { data }]) => [name, data.slice()]));
  await using learner = await Learner.open(config, parameters, { objective: sft });
  await learner.accumulate(packRow(documents), 1);
  assert([...learner.gradients.values()].every((gradient) => gradient.some((x) => x !== 0)));
  learner.clear();
  assert([...learner.gradients.values()].every((gradient) => gradient.every((x) => x === 0)));
  for (const [name, { data }] of parameters) assertEquals(data, before.get(name)!);
});

Deno.test("artifacts that were written and read back learn the same, bit by bit", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const model = smallModel({ tied: true });
    const row = packRow(documents);
    const built = await learn(model, [row], 1);
    await using source = await Learner.open(model.config, model.parameters, {
      objective: linear,
      aggregation: "mean",
    });
    const path = `${folder}/artifacts`;
    await writeArtifacts(path, source.artifacts, { model: "small" });
    const first = await readArtifacts(path);
    assertEquals(first.manifest.builtFor, { model: "small" });
    assertEquals(first.manifest.segments.map(({ name }) => name), ["embed", "layer", "head"]);
    assertEquals([...first.files.keys()].sort(), [...source.artifacts.keys()].sort());

    const options = { objective: linear, aggregation: "mean" } as const;
    const direct = await learn(model, [row], 1, options);
    const read = await learn(model, [row], 1, { ...options, artifacts: first.files });
    assertEquals(read, direct);
    assert(built.results[0].loss !== direct.results[0].loss);

    await using other = await Learner.open(model.config, model.parameters, { objective: sft });
    await writeArtifacts(path, other.artifacts, { model: "other" });
    assertEquals((await readArtifacts(path)).manifest.builtFor, { model: "other" });
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["artifacts"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
