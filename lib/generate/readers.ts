/**
 * A model in its two parts: reader of short contexts and of long ones.
 *
 * @module
 */

import type { Logger } from "../flow/mod.ts";
import { type ForwardOptions, type Model, widened } from "../model/mod.ts";
import { type LocalSampler, localSampler } from "./local_sampler.ts";
import { type LocalScorer, localScorer } from "./local_scorer.ts";

/** A model that answers and scores. */
export interface Reader {
  /** Writes answers. */
  sampler: LocalSampler;
  /** Says how likely given answers are. */
  scorer: LocalScorer;
}

/** How a model is read. */
export interface ReadersOptions extends ForwardOptions {
  /** The RoPE base with which long contexts are read. @default {the model's own} */
  ropeTheta?: number;
  /** Told of prompts that are longer than the model was trained for. */
  log?: Logger;
}

/** A model as it reads short contexts, with its own RoPE base, and long ones, with the policy's. */
export interface Readers extends AsyncDisposable {
  /** Reads with the model's own RoPE base. */
  short: Reader;
  /** Reads with the policy's RoPE base; the same reader where the bases are equal. */
  long: Reader;
}

/** The scorers of a model's two parts. */
export interface Scorers extends AsyncDisposable {
  /** Scores with the model's own RoPE base. */
  short: LocalScorer;
  /** Scores with the policy's RoPE base; the same scorer where the bases are equal. */
  long: LocalScorer;
}

/** Makes a model ready to score alone, on short and on long contexts. */
export async function openScorers(
  model: Model,
  { ropeTheta, ...forward }: Omit<ReadersOptions, "log"> = {},
): Promise<Scorers> {
  const short = await localScorer(model, forward);
  const isOwn = ropeTheta === undefined || ropeTheta === model.config.ropeTheta;
  const long = isOwn ? short : await localScorer(model, { ...forward, ropeTheta });
  const dispose = async () => {
    await short[Symbol.asyncDispose]();
    await long[Symbol.asyncDispose]();
  };
  return { short, long, [Symbol.asyncDispose]: dispose };
}

/**
 * Makes a model ready to answer and to score, on short and on long contexts.
 *
 * Of weights in 16 bits there are float32 copies until the readers are disposed and forgotten.
 */
export async function openReaders(given: Model, options: ReadersOptions = {}): Promise<Readers> {
  const model = { ...given, parameters: widened(given.parameters) };
  const { ropeTheta = model.config.ropeTheta, log, ...forward } = options;
  await using opening = new AsyncDisposableStack();
  const scorers = opening.use(await openScorers(model, { ...forward, ropeTheta }));
  const reader = async (of: "short" | "long", theta: number, log?: Logger): Promise<Reader> => ({
    sampler: opening.use(await localSampler(model, { ...forward, ropeTheta: theta, log })),
    scorer: scorers[of],
  });
  const short = await reader("short", model.config.ropeTheta, log);
  const long = scorers.long === scorers.short ? short : await reader("long", ropeTheta);
  const opened = opening.move();
  return { short, long, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
