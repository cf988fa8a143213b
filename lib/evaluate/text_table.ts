import { aligned } from "./aligned.ts";
import type { ModelScores } from "./report.ts";

/**
 * How unlikely models find the exam's documents, as plain text: a column a model, a row for the
 * pieces and for each part of the whole documents. Nothing where the exam has no documents.
 */
export function textTable(models: Readonly<Record<string, ModelScores>>): string | undefined {
  const columns = Object.entries(models).flatMap(([name, { text }]) =>
    text ? [{ name, text }] : []
  );
  if (columns.length === 0) return undefined;
  const [{ text: { byPosition } }] = columns;
  const row = (label: string, nll: (text: typeof columns[number]["text"]) => number) => [
    label,
    ...columns.map(({ text }) => nll(text).toFixed(3)),
  ];
  return aligned([
    ["NLL of a token", ...columns.map(({ name }) => name)],
    row("in pieces", ({ short }) => short.nll),
    ...byPosition.map(({ from, to }, at) =>
      row(`at ${from} to ${to}`, ({ byPosition }) => byPosition[at].nll)
    ),
  ]);
}
