import { chunkedLogProbs } from "../../../lib/onnx/mod.ts";
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
      chunkedLogProbs(g, hidden, weight, { rows, targets, chunkLength }),
  };
}

/** The head in chunks. */
export const logProbsCases: GradientCase[] = [
  logProbs("in one chunk", [0, 1, 2], 3),
  logProbs("in chunks that divide the predictions", [0, 1, 2, 3], 2),
  logProbs("in chunks that do not, with a row three times", [1, 3, 1, 0, 1], 2),
  logProbs("in chunks of one", [2, 2, 0], 1),
  logProbs("in a chunk longer than the predictions", [2, 0], 9),
];
