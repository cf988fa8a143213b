/**
 * From documents to pairs, stage by stage.
 *
 * @module
 */

import { worldDocuments } from "../examples/world/documents.ts";
import { WORLD_SIZE } from "../examples/world/embedded.ts";
import { type Recipe, watch } from "../lib/cli/mod.ts";
import { chunk, type ChunkedDocument, compress, documents, instruct } from "../lib/data/mod.ts";
import { pair, type ReferenceOptions, sampleLong, sampleShort } from "../lib/data/mod.ts";
import type { DocumentRecord, DraftRecord, PairRecord, StageSampling } from "../lib/data/mod.ts";
import { type Logger, pipe, type Pipeline, pipeline, take } from "../lib/flow/mod.ts";
import type { Sink, Source, Stage } from "../lib/flow/mod.ts";
import type { HttpSampler, Readers } from "../lib/generate/mod.ts";
import type { Model } from "../lib/model/mod.ts";
import { objectiveNamed } from "../lib/objective/mod.ts";

/** Who asks and answers, and what about. */
export interface AnsweredOptions {
  model: Model;
  readers: Readers;
  /** Who writes questions and answers in place of the model, which still scores them. */
  sampler?: HttpSampler;
  recipe: Recipe;
  /** Passes on the documents that are wanted, after long ones were cut. */
  only?: Stage<ChunkedDocument, ChunkedDocument>;
}

/** What a pairs pipeline reads and writes with. */
export interface PairsOptions extends AnsweredOptions {
  source: Source<DocumentRecord>;
  sink: Sink<PairRecord>;
  seed: number;
  log: Logger;
  deadLetters?: string;
  /** Pairs that an earlier run has made: they are counted first. @default {0} */
  made?: number;
}

/** Documents of the length that the model is to read, cut into pieces. */
export function parts(
  { tokenizer }: Model,
  { shortTokens, longTokens, contexts }: Recipe,
): Stage<DocumentRecord, ChunkedDocument> {
  const chunks = chunk({ tokenizer, tokens: shortTokens, longTokens });
  return contexts === undefined ? chunks : pipe(chunks, take(contexts));
}

/** Documents in, questions with answers from short contexts out. */
export function answered(options: AnsweredOptions): Stage<DocumentRecord, DraftRecord> {
  const { model, readers, recipe, sampler = readers.short.sampler } = options;
  const { turns, instruction, questionTemperature } = recipe;
  const { tokenizer } = model;
  const chunks = parts(model, recipe);
  const documentsPerCall = documentsPerCallOf(options);
  const answering = answeringOf(recipe);
  const asking = { ...answering, temperature: questionTemperature };
  return pipe(
    options.only ? pipe(chunks, options.only) : chunks,
    compress({ method: recipe.compress, turns, tokenizer, sampler }),
    instruct({ sampler, sampling: asking, instruction, documentsPerCall }),
    sampleShort({ sampler, sampling: answering, documentsPerCall }),
  );
}

/** Documents in, pairs out. */
export function pairs(options: PairsOptions): Pipeline<PairRecord> {
  const { source, sink, model, readers, recipe, seed, log, deadLetters, made } = options;
  const { filters, minConfidence, maxPromptTokens } = recipe;
  const sampler = options.sampler ?? readers.long.sampler;
  const answering = answeringOf(recipe);
  const documentsPerCall = documentsPerCallOf(options);
  return pipeline({
    name: "pairs",
    seed,
    log,
    deadLetters,
    source,
    stages: [
      answered(options),
      sampleLong({ sampler, sampling: answering, documentsPerCall, maxPromptTokens, model }),
      pair({ filters, minConfidence, reference: referenceOf(options) }),
      watch({ label: "pairs", before: made }),
    ],
    sink,
  });
}

/** Who computes the reference log-probs, and on which contexts. */
export function referenceOf({ model, readers: { short, long }, recipe }: AnsweredOptions) {
  const { layout, objective } = recipe;
  const context = objectiveNamed(objective).reference === "long" ? "long" : "short";
  return {
    scorer: short.scorer,
    longScorer: long.scorer,
    model,
    layout,
    contexts: [context],
  } satisfies ReferenceOptions;
}

/** How answers are drawn. */
function answeringOf(recipe: Recipe): StageSampling {
  const { maxTokens, temperature, repetitionPenalty, loopRounds } = recipe;
  return { maxTokens, temperature, repetitionPenalty, loopRounds };
}

/** A server is to have as many requests at a time as it takes. */
function documentsPerCallOf({ recipe, sampler }: AnsweredOptions): number {
  return Math.max(recipe.documentsPerCall, sampler?.concurrency ?? 1);
}

/** The documents of a path, or of the embedded model's world. */
export function trainingDocuments(
  path: string | undefined,
  { longTokens }: Recipe,
  seed: number,
  count: number = WORLD_SIZE.training,
): Source<DocumentRecord> {
  return path === undefined
    ? worldDocuments({ count, tokens: longTokens, seed })
    : documents({ paths: [path] });
}
