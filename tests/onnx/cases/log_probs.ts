import { chunkedLogProbs, mul, reduceSum } from "../../../lib/onnx/mod.ts";
import { type GradientCase, some, whole } from "../../support/gradient_case.ts";

function logProbs(about: string, rows: readonly number[], chunk: number): GradientCase {
  const targets = rows.map((_, at) => (3 * at + 1) % 5);
  return {
    rule: "ChunkedLogProbs",
    about,
    inputs: { hidden: some(["tokens", 3], { tokens: 4 }), weight: some([5, 3]) },
    fixed: {
      rows: whole(rows, ["predictions"]),
      targets: whole(targets, ["predictions"]),
      chunkLength: whole([chunk]),
    },
    build: (g, { hidden, weight, rows, targets, chunkLength }) =>
      chunkedLogProbs(g, hidden, weight, [{ rows, targets, chunkLength }])[0],
  };
}

/** Predictions in two sets, of which one may be without a gradient. */
function twoSets(about: string, count: 1 | 2): GradientCase {
  return {
    rule: "ChunkedLogProbs",
    about,
    inputs: { hidden: some(["tokens", 3], { tokens: 4 }), weight: some([5, 3]) },
    fixed: {
      rows: whole([1, 3, 1], ["predictions"]),
      targets: whole([0, 4, 2], ["predictions"]),
      otherRows: whole([3, 0], ["others"]),
      otherTargets: whole([1, 1], ["others"]),
      chunkLength: whole([2]),
      otherLength: whole([1]),
    },
    build: (g, { hidden, weight, ...of }) => {
      const { rows, targets, otherRows, otherTargets, chunkLength, otherLength } = of;
      const sets = chunkedLogProbs(g, hidden, weight, [
        { rows, targets, chunkLength },
        { rows: otherRows, targets: otherTargets, chunkLength: otherLength },
      ]);
      return count === 1 ? sets[1] : mul(g, reduceSum(g, sets[0], [0]), sets[1]);
    },
  };
}

/** The head in chunks. */
export const logProbsCases: GradientCase[] = [
  twoSets("of two sets", 2),
  twoSets("of two sets, of which one is not used", 1),
  logProbs("in one chunk", [0, 1, 2], 3),
  logProbs("in chunks that divide the predictions", [0, 1, 2, 3], 2),
  logProbs("in chunks that do not, with a row three times", [1, 3, 1, 0, 1], 2),
  logProbs("in chunks of one", [2, 2, 0], 1),
  logProbs("in a chunk longer than the predictions", [2, 0], 9),
];
