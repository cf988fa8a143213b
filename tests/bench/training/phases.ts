/**
 * Where a step's time goes: the runs of each graph, added up by what they are for.
 *
 * @module
 */

import { Session } from "../../../lib/runtime/mod.ts";
import { type Cost, stopwatch } from "./stopwatch.ts";

/** The phases of a step, and the graphs that belong to each. */
const PHASES: Readonly<Record<string, RegExp>> = {
  "embed": /^embed\/eval/,
  "layers forward": /^layer\/eval/,
  "head": /^head\//,
  "layers backward": /^layer\/training/,
  "embed backward": /^embed\/training/,
  "whole model": /^model\/training/,
  "optimiser": /^optimizer/,
};

/** Counts what sessions take from here on; called again, it gives the costs since the last call. */
export function watchPhases(): () => Map<string, Cost> {
  let costs = new Map<string, Cost>();
  const run = Session.prototype.run;
  Session.prototype.run = async function (...args) {
    const elapsed = stopwatch();
    const outputs = await run.apply(this, args);
    const name = Object.keys(PHASES).find((phase) => PHASES[phase].test(this.name)) ?? this.name;
    const { wall, cpu } = elapsed();
    const sum = costs.get(name) ?? { wall: 0, cpu: 0 };
    costs.set(name, { wall: sum.wall + wall, cpu: sum.cpu + cpu });
    return outputs;
  };
  return () => {
    const since = costs;
    costs = new Map();
    return since;
  };
}
