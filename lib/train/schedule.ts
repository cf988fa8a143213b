/** How the learning rate goes over a run. */
export interface Schedule {
  /** The highest rate. */
  learningRate: number;
  /** Optimiser steps of the run. */
  steps: number;
  /** Share of the steps over which the rate rises from 0. @default {0.1} */
  warmup?: number;
  /** The last rate as a share of the highest. @default {0} */
  floor?: number;
}

/**
 * The learning rate of an optimiser step, counted from 0: linear warm-up, then a cosine.
 *
 * @example Half way down the cosine
 * ```ts
 * import { learningRateAt } from "@longpo/longpo/train";
 *
 * const rate = learningRateAt({ learningRate: 1e-3, steps: 100, warmup: 0 }, 50);
 * console.log(rate.toFixed(5)); // 0.00050
 * ```
 */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { learningRate, steps, warmup = 0.1, floor = 0 } = schedule;
  const rising = Math.round(steps * warmup);
  if (step < rising) return learningRate * (step + 1) / rising;
  const progress = Math.min(1, (step - rising) / Math.max(1, steps - rising));
  return learningRate * (floor + (1 - floor) * (1 + Math.cos(Math.PI * progress)) / 2);
}
