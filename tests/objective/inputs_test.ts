import { assertAlmostEquals, assertEquals } from "@std/assert";
import { packRow, type SequencedDocument } from "../../lib/model/mod.ts";
import { objectiveInputs, PreferenceMeter } from "../../lib/objective/mod.ts";

/** Two turns: trunk 1 2 3, answers [10 11 | 12] and [20 | 21 22], question 4. */
const document: SequencedDocument = {
  id: "document",
  sequences: [
    {
      side: "chosen",
      ids: [1, 2, 3, 10, 11, 4, 12],
      turnOf: [-1, -1, -1, 0, 0, -1, 1],
      inNll: [false, false, true, true, true, true, true],
    },
    {
      side: "rejected",
      ids: [1, 2, 3, 20, 4, 21, 22],
      turnOf: [-1, -1, -1, 0, -1, 1, 1],
      inNll: [false, false, false, false, false, false, false],
    },
  ],
  referenceChosen: [-1, -2],
  referenceRejected: [-3, -4],
};

Deno.test("objectiveInputs say which prediction is whose", () => {
  const row = packRow([document]);
  const inputs = objectiveInputs(row, { beta: 0.5, lambda: 0.25 }, 2);
  assertEquals([...row.predictions.target], [3, 10, 11, 4, 12, 20, 21, 22]);
  const read = (name: string) => ({ shape: inputs[name].shape, data: [...inputs[name].data] });
  assertEquals(read("targets").data.map(Number), [10, 11, 12, 20, 21, 22]);
  assertEquals(read("chosen"), {
    shape: [2, 6],
    data: [1, 1, 0, 0, 0, 0, /* second turn */ 0, 0, 1, 0, 0, 0],
  });
  assertEquals(read("rejected"), {
    shape: [2, 6],
    data: [0, 0, 0, 1, 0, 0, /* second turn */ 0, 0, 0, 0, 1, 1],
  });
  const fifth = Math.fround(0.2);
  assertEquals(read("nll_weight").data, [fifth, fifth, fifth, 0, 0, 0]);
  assertEquals(read("text_targets").data.map(Number), [3, 4]);
  assertEquals(read("text_nll_weight").data, [fifth, fifth]);
  assertEquals(read("turns_of_document"), { shape: [1, 2], data: [1, 1] });
  assertEquals(read("reference_chosen").data, [-1, -2]);
  assertEquals(read("reference_rejected").data, [-3, -4]);
  assertEquals(["beta", "lambda", "scale"].map((name) => inputs[name].data[0]), [0.5, 0.25, 2]);
  assertEquals(read("rows").data.map(Number), [2, 3, 5, 2, 8, 9]);
  assertEquals(read("text_rows").data.map(Number), [1, 4]);
});

Deno.test("PreferenceMeter averages over documents, whose turns it adds up", () => {
  const meter = new PreferenceMeter(0.5);
  const chosen = Float32Array.of(-2, -1);
  const rejected = Float32Array.of(-5, -8);
  meter.add(packRow([document]), { chosen, rejected });
  // Chosen: (-2 + 1) + (-1 + 2) = 0; rejected: (-5 + 3) + (-8 + 4) = -6.
  assertEquals(meter.metrics(), {
    "rewards/chosen": 0,
    "rewards/rejected": -3,
    "rewards/margins": 3,
    "rewards/accuracies": 1,
    "logps/chosen": -3,
    "logps/rejected": -13,
    "rewards/saturated": 0,
  });

  const other = { ...document, referenceChosen: [0, 0], referenceRejected: [-20, -20] };
  meter.add(packRow([other, document]), {
    chosen: Float32Array.of(-3, -3, -1, -2),
    rejected: Float32Array.of(-20, -20, -3, -4),
  });
  const metrics = meter.metrics();
  // Rewards of the three documents: 0 and -3, -3 and 0, 0 and 0.
  assertAlmostEquals(metrics["rewards/chosen"], -1);
  assertAlmostEquals(metrics["rewards/rejected"], -1);
  assertAlmostEquals(metrics["rewards/margins"], 0);
  assertAlmostEquals(metrics["rewards/accuracies"], 1 / 3);
  assertAlmostEquals(metrics["logps/chosen"], -12 / 3);
});

Deno.test("PreferenceMeter counts documents whose sigmoid is at its end", () => {
  const meter = new PreferenceMeter(1);
  const add = (margin: number) =>
    meter.add(packRow([document]), {
      chosen: Float32Array.of(-1 + margin, -2),
      rejected: Float32Array.of(-3, -4),
    });
  [4.5, -4.5, 4.7, -4.7].forEach(add);
  assertEquals(meter.metrics()["rewards/saturated"], 0.5);
});
