import { blockwiseAttention } from "../../../lib/onnx/mod.ts";
import { attentionPlan, type AttentionPlanOptions } from "../../../lib/model/attention_plan.ts";
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
const shapes = { alone: [2, 2, 4], grouped: [3, 1, 2], odd: [3, 3, 2] } as const;

/** The plan of a row, as a case's inputs. */
export function planInputs(
  row: readonly (readonly [number, number])[],
  options: AttentionPlanOptions,
): NonNullable<GradientCase["fixed"]> {
  const [document, branch] = [0, 1].map((part) => Int32Array.from(row, (marks) => marks[part]));
  const plan = attentionPlan({ document, branch, position: document }, options);
  return {
    blocks: whole(plan.blocks, ["blocks", 10], [plan.blocks.length / 10, 10]),
    near: whole(plan.near, ["near", 8], [plan.near.length / 8, 8]),
    tiles: whole(plan.tiles, ["tiles", 8], [plan.tiles.length / 8, 8]),
    masks: given(Array.from(plan.masks), ["masks"]),
    longest: whole(plan.longest),
    queryPlaces: whole(Array.from(plan.queryPlaces), ["tokens"]),
    keyPlaces: whole(Array.from(plan.keyPlaces), ["tokens"]),
    blockPlaces: whole(Array.from(plan.blockPlaces), ["blocks"]),
  };
}

function attention(
  name: string,
  shape: keyof typeof shapes,
  queries: number,
  keys: number,
): GradientCase {
  const [heads, keyValueHeads, size] = shapes[shape];
  const tokens = rows[name].length;
  return {
    rule: "BlockwiseAttention",
    about: `of ${name}, heads ${shape}, blocks of at most ${queries}, tiles of at most ${keys}`,
    inputs: {
      q: some(["tokens", heads * size], { tokens }, [-2, 2]),
      k: some(["tokens", keyValueHeads * size], { tokens }),
      v: some(["tokens", keyValueHeads * size], { tokens }),
    },
    fixed: planInputs(rows[name], { queries, keys }),
    build: (g, { q, k, v, blocks, near, tiles, masks, longest, ...places }) => {
      const { queryPlaces, keyPlaces, blockPlaces } = places;
      const cut = { blocks, near, tiles, masks, longest };
      const plan = { ...cut, queryPlaces, keyPlaces, blockPlaces };
      return blockwiseAttention(g, q, k, v, plan, { heads, keyValueHeads }).mixed;
    },
  };
}

/** Attention by blocks: lengths that divide the row, that do not, of one token, and of all. */
export const attentionCases: GradientCase[] = Object.keys(rows).flatMap((name) => [
  attention(name, "alone", 1, 1),
  attention(name, "alone", 64, 64),
  attention(name, "grouped", 3, 3),
  attention(name, "grouped", 4, 2),
  attention(name, "odd", 2, 4),
]);
