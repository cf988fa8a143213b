import { blockwiseAttention } from "../../../lib/onnx/mod.ts";
import { attentionPlan } from "../../../lib/model/attention_plan.ts";
import { given, type GradientCase, some, whole } from "../../support/gradient_case.ts";

/** Rows of tokens as `[document, branch]`, written in the order in which they stand. */
export const rows: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  "a trunk alone": Array.from({ length: 7 }, () => [0, 0] as const),
  "a trunk with two branches": [
    ...Array.from({ length: 3 }, () => [0, 0] as const),
    ...Array.from({ length: 2 }, () => [0, 1] as const),
    ...Array.from({ length: 3 }, () => [0, 2] as const),
  ],
  "three documents, the second without branches": [
    [0, 0],
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 2],
    [1, 0],
    [1, 0],
    [2, 0],
    [2, 1],
    [2, 2],
    [2, 3],
  ],
};

/** Shapes of heads: query heads, key-value heads, head size. */
const shapes = { alone: [2, 2, 4], grouped: [3, 1, 2] } as const;

/** The plan of a row, as a case's inputs. */
export function planInputs(
  row: readonly (readonly [number, number])[],
  longest: number,
): NonNullable<GradientCase["fixed"]> {
  const [document, branch] = [0, 1].map((part) => Int32Array.from(row, (marks) => marks[part]));
  const plan = attentionPlan({ document, branch, position: document }, longest);
  return {
    groups: whole(plan.groups, ["groups", 4], [plan.groups.length / 4, 4]),
    blocks: whole(plan.blocks, ["blocks", 8], [plan.blocks.length / 8, 8]),
    masks: given(Array.from(plan.masks), ["masks"]),
    longest: whole(plan.longest),
    queryPlaces: whole(Array.from(plan.queryPlaces), ["tokens"]),
    keyPlaces: whole(Array.from(plan.keyPlaces), ["tokens"]),
  };
}

function attention(name: string, shape: keyof typeof shapes, longest: number): GradientCase {
  const [heads, keyValueHeads, size] = shapes[shape];
  const tokens = rows[name].length;
  return {
    rule: "BlockwiseAttention",
    about: `of ${name}, heads ${shape}, blocks of at most ${longest}`,
    inputs: {
      q: some(["tokens", heads * size], { tokens }, [-2, 2]),
      k: some(["tokens", keyValueHeads * size], { tokens }),
      v: some(["tokens", keyValueHeads * size], { tokens }),
    },
    fixed: planInputs(rows[name], longest),
    build: (g, { q, k, v, groups, blocks, masks, longest, queryPlaces, keyPlaces }) => {
      const plan = { groups, blocks, masks, longest, queryPlaces, keyPlaces };
      return blockwiseAttention(g, q, k, v, plan, { heads, keyValueHeads }).mixed;
    },
  };
}

/** Attention by blocks: lengths that divide the row, that do not, of one token, and of all. */
export const attentionCases: GradientCase[] = Object.keys(rows).flatMap((name) => [
  attention(name, "alone", 1),
  attention(name, "alone", 64),
  attention(name, "grouped", 3),
  attention(name, "grouped", 4),
]);
