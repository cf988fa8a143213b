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

const steady = { learningRate: 2e-3, warmup: 0.05, floor: 1 };

/**
 * The parts, in order. Lookup comes first, as plain recall of a key's value in a few words, where a
 * small model finds it within some hundred steps; from questions alone it does not. The hop from a
 * question to its key then takes some fifty steps. All words follow, by recall, which costs two
 * tokens a fact where a question costs ten; then asking, which needs a part of its own: with one
 * request to ask in a lesson the model names keys the text has not. Long texts come last.
 */
export const curriculum: readonly Curriculum[] = [
  {
    ...steady,
    steps: 600,
    warmup: 0.1,
    documents: 64,
    until: 0.05,
    lesson: { tokens: 36, keys: 12, values: 12, factShare: 1, recalls: 6 },
  },
  {
    ...steady,
    steps: 100,
    documents: 64,
    lesson: { tokens: 36, keys: 12, values: 12, factShare: 1, recalls: 3, answers: 5 },
  },
  {
    ...steady,
    steps: 800,
    documents: 32,
    until: 0.2,
    lesson: { tokens: 60, keys: 64, values: 64, factShare: 1, recalls: 10, answers: 2 },
  },
  {
    ...steady,
    steps: 250,
    documents: 32,
    lesson: { tokens: 110, keys: 64, values: 64, factShare: 0.8, recalls: 8, answers: 8, asks: 1 },
  },
  {
    ...steady,
    steps: 450,
    documents: 24,
    lesson: { tokens: 60, keys: 64, values: 64, factShare: 0.7, answers: 3, asks: 7 },
  },
  {
    ...steady,
    floor: 0.03,
    steps: 400,
    documents: 16,
    lesson: { tokens: 220, keys: 64, values: 64, factShare: 0.5, answers: 10, asks: 5 },
  },
];
