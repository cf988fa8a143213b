import { Random } from "../../lib/flow/random.ts";
import type { SequencedDocument } from "../../lib/model/sequence.ts";
import type { DenseObjective } from "../train/dense/loss.ts";
import type { GradientSketch } from "./gradient_sketch.ts";
import { randomLayout } from "./random_layout.ts";

/** Documents and what is minimised on them. */
export interface LayoutCase {
  documents: readonly SequencedDocument[];
  objective: DenseObjective;
}

/** What a layout must give: means over documents, and `[turns]` of all one after another. */
export interface LayoutLearnt {
  loss: number;
  nll: number;
  /** Absent where the objective has none. */
  preference?: number;
  chosen: readonly number[];
  rejected: readonly number[];
}

/** A layout with what PyTorch gives for it, its gradients as sketches. */
export interface GoldenLayout extends LayoutCase {
  expected: LayoutLearnt & { gradients: Record<string, GradientSketch> };
}

const longpo: DenseObjective = { name: "longpo", aggregation: "sum", beta: 0.1, lambda: 0.5 };

/** What layouts are learnt with, one after another. */
const objectives: readonly DenseObjective[] = [
  longpo,
  { ...longpo, aggregation: "mean", lambda: 0.01 },
  { ...longpo, aggregation: "logsumexp" },
  { ...longpo, name: "dpo" },
  { ...longpo, name: "sft" },
];

/** One layout of this many is so long that attention and head go through it in several parts. */
const LONG = 50;

/** Layouts by objective: rows of some 20 to 150 tokens, and now and then of 700. */
export function layoutCases(
  { seed, count, vocabulary }: { seed: number; count: number; vocabulary: number },
): LayoutCase[] {
  return Array.from({ length: count }, (_, at) => {
    const random = new Random(seed).fork("layout", at);
    const objective = objectives[Math.floor(at * objectives.length / count)];
    const documents = randomLayout(random, {
      vocabulary,
      tokens: at % LONG === LONG - 1 ? 700 : 20 + random.int(130),
      chosenOnly: objective.name === "sft",
    });
    return { documents, objective };
  });
}
