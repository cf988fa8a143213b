import { blockwiseAttention } from "../../../lib/onnx/mod.ts";
import { attentionBlocks } from "../../../lib/model/row.ts";
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

/** Shapes of heads: key-value heads, queries a key-value head, head size. */
const shapes = { alone: [2, 1, 4], grouped: [1, 3, 2] } as const;

/** The marks and blocks of a row, as a case's inputs. */
export function markInputs(
  row: readonly (readonly [number, number])[],
  longest: number,
): NonNullable<GradientCase["fixed"]> {
  const [document, branch] = [0, 1].map((part) => row.map((marks) => marks[part]));
  const marks = { document: Int32Array.from(document), branch: Int32Array.from(branch) };
  const blocks = attentionBlocks({ ...marks, position: Int32Array.from(document) }, longest);
  return {
    document: given(document, ["tokens"]),
    branch: given(branch, ["tokens"]),
    order: given(row.map((_, at) => at), ["tokens"]),
    blockLength: whole([blocks.length]),
    keyRanges: whole(blocks.keyRanges, ["blocks", 2], [blocks.keyRanges.length / 2, 2]),
  };
}

function attention(name: string, heads: keyof typeof shapes, longest: number): GradientCase {
  const [keyValueHeads, group, size] = shapes[heads];
  const tokens = rows[name].length;
  return {
    rule: "BlockwiseAttention",
    about: `of ${name}, heads ${heads}, blocks of at most ${longest}`,
    inputs: {
      q: some([keyValueHeads, "tokens", group, size], { tokens }, [-2, 2]),
      k: some([keyValueHeads, "tokens", size], { tokens }),
      v: some([keyValueHeads, "tokens", size], { tokens }),
    },
    fixed: markInputs(rows[name], longest),
    build: (g, { q, k, v, ...marks }) =>
      blockwiseAttention(g, q, k, v, {
        document: marks.document,
        branch: marks.branch,
        order: marks.order,
        blockLength: marks.blockLength,
        keyRanges: marks.keyRanges,
      }),
  };
}

/** Attention by blocks: lengths that divide the row, that do not, of one token, and of all. */
export const attentionCases: GradientCase[] = Object.keys(rows).flatMap((name) => [
  attention(name, "alone", 1),
  attention(name, "alone", 64),
  attention(name, "grouped", 3),
  attention(name, "grouped", 4),
]);
