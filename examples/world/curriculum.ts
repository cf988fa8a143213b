/**
 * The curriculum of the embedded model: from few words and short texts to all and long ones.
 *
 * @module
 */

import type { Schedule } from "@longpo/longpo/train";
import type { LessonOptions } from "./lessons.ts";

/** A part of the curriculum: lessons of one kind, for a number of steps. */
export interface Curriculum extends Schedule {
  /** Lessons of a step. */
  documents: number;
  /** The part ends early when the loss, averaged over some 20 steps, is below this. */
  until?: number;
  lesson: LessonOptions;
}

const steady = { learningRate: 2e-3, warmup: 0, floor: 1 };

/** The parts, in order. */
export const curriculum: readonly Curriculum[] = [
  {
    ...steady,
    steps: 400,
    warmup: 0.1,
    documents: 64,
    until: 0.05,
    lesson: { tokens: 36, keys: 12, values: 12, factShare: 1, recalls: 6 },
  },
  {
    ...steady,
    steps: 400,
    documents: 64,
    until: 0.05,
    lesson: { tokens: 36, keys: 12, values: 12, factShare: 1, recalls: 3, answers: 5 },
  },
  {
    ...steady,
    steps: 600,
    documents: 48,
    until: 0.12,
    lesson: { tokens: 72, keys: 32, values: 32, factShare: 0.9, recalls: 4, answers: 8 },
  },
  {
    ...steady,
    steps: 800,
    documents: 40,
    until: 0.2,
    lesson: { tokens: 90, keys: 64, values: 64, factShare: 0.9, recalls: 4, answers: 10, asks: 1 },
  },
  {
    ...steady,
    steps: 800,
    documents: 32,
    until: 0.2,
    lesson: { tokens: 140, keys: 96, values: 64, factShare: 0.7, answers: 12, asks: 1 },
  },
  {
    ...steady,
    floor: 0,
    steps: 800,
    documents: 24,
    lesson: { tokens: 220, keys: 96, values: 64, factShare: 0.6, answers: 14, asks: 2 },
  },
];
