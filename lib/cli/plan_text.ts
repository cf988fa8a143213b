/**
 * A plan in words and tables.
 *
 * @module
 */

import type { Change, Rates, StepMemory, StepPlan, Workspaces } from "../train/mod.ts";
import { OPERATIONS, operations } from "../train/mod.ts";
import { table } from "./table.ts";

const MIB = 2 ** 20;

const MEMORY: Record<keyof StepMemory, string> = {
  base: "program, runtime and graphs",
  model: "the model as it came",
  weights: "what learns",
  widened: "weights as float32",
  gradients: "gradients",
  moments: "moments of the optimiser",
  kept: "kept of layers",
  states: "hidden states on their way",
  workspace: "workspace",
};

const WORKSPACES: Record<keyof Workspaces, string> = {
  layer: "a layer",
  head: "the head",
  embedding: "the embedding's gradient",
  optimiser: "an update",
};

const WORK: Record<typeof OPERATIONS[number], string> = {
  forward: "layers' matrices, forward",
  recompute: "layers' matrices, forward again",
  backward: "layers' matrices, backward",
  head: "head",
};

/** Bytes as a person reads them. */
export function bytesText(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return gib >= 1 ? `${gib.toFixed(1)} GiB` : `${Math.ceil(bytes / MIB)} MiB`;
}

function secondsText(seconds: number): string {
  return seconds >= 90 ? `${(seconds / 60).toPrecision(2)} min` : `${seconds.toPrecision(2)} s`;
}

/** The graph that makes the workspace as large as it is. */
function largestOf(spaces: Workspaces): string {
  const names = Object.keys(WORKSPACES) as (keyof Workspaces)[];
  return WORKSPACES[names.reduce((a, b) => spaces[b] > spaces[a] ? b : a)];
}

/** What memory goes to. */
export function memoryTable({ memory, workspaces, bytes }: StepPlan): string {
  const line = (what: string, bytes: number) => ({
    memory: what,
    MiB: Number((bytes / MIB).toFixed(1)),
  });
  const parts = (Object.keys(MEMORY) as (keyof StepMemory)[]).filter((part) => memory[part] > 0);
  const names = { ...MEMORY, workspace: `workspace of ${largestOf(workspaces)}` };
  const lines = parts.map((part) => line(names[part], memory[part]));
  return table([...lines, line("all", bytes)], { digits: 12 });
}

/** What operations go to, and how long they take at these rates. */
export function workTable({ work, device }: StepPlan, rates: Rates, transferSeconds = 0): string {
  const giga = (count: number) => Number((count / 1e9).toPrecision(4));
  const took = (seconds: number) => Number(seconds.toPrecision(3));
  const part = (name: string, count: number, rate: number) => ({
    work: name,
    GFLOP: giga(count),
    seconds: took(count / rate),
  });
  // Of a layer's 7 products of scores 2 are made in the forward, 1 in the second, 4 in the backward.
  const products = {
    forward: work.forward - work.attention * 2 / 7,
    recompute: work.recompute - work.attention / 7,
    backward: work.backward - work.attention * 4 / 7,
    head: work.head,
  };
  return table([
    ...OPERATIONS.map((name) =>
      part(WORK[name], products[name], name === "head" ? rates.head : rates.operations)
    ),
    part("attention", work.attention, rates.attention),
    { work: "update", seconds: took(work.updates / rates.updates) },
    ...(device
      ? [{
        work: "to the device and back",
        GB: giga(device.transfer),
        seconds: took(transferSeconds),
      }]
      : []),
  ], { columns: ["work", "GFLOP", ...(device ? ["GB"] : []), "seconds"] });
}

/** The step's time and its rate. */
export function timeText(plan: StepPlan, rates: Rates, tokens: number): string {
  const seconds = plan.seconds(rates);
  const total = operations(plan.work);
  return `${secondsText(seconds)} a step: ${(total / seconds / 1e9).toPrecision(3)} GFLOP/s, ` +
    `${(tokens / seconds).toPrecision(3)} tokens/s`;
}

const FLAG_OF: Record<Change["what"], string> = {
  documentTokens: "--long-tokens",
  turns: "--turns",
  answerTokens: "--max-tokens",
};

/** A change as the flag that makes it. */
export function changeText({ what, to, bytes }: Change): string {
  return `${FLAG_OF[what]} ${to} (${bytesText(bytes)})`;
}
