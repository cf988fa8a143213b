/**
 * Preference pairs out of documents: the model writes the questions and both answers.
 *
 *     deno run -A pipelines/pairs.ts --model MODEL --documents DOCUMENTS > pairs.jsonl
 *
 * @module
 */

import { worldDocuments } from "../examples/world/documents.ts";
import { WORLD_MODEL, WORLD_SIZE, worldRecipe } from "../examples/world/recipe.ts";
import {
  command,
  commonFlags,
  main,
  openModel,
  pairFlags,
  paperRecipe,
  type Recipe,
  recipeOf,
  samplerFlags,
  samplerOf,
  string,
  watch,
  withDefaults,
} from "../lib/cli/mod.ts";
import { chunk, type ChunkedDocument, compress, documents, instruct } from "../lib/data/mod.ts";
import { identityOf, leftOut, only, pair, reasonsOf, referenceHash } from "../lib/data/mod.ts";
import { sampleLong, sampleShort } from "../lib/data/mod.ts";
import type { DocumentRecord, DraftRecord, PairRecord, ReferenceOptions } from "../lib/data/mod.ts";
import { formatReport, jsonlFile, jsonlStdout, keptRows, pipe, pipeline } from "../lib/flow/mod.ts";
import { type Logger, type Pipeline, UserError } from "../lib/flow/mod.ts";
import type { Sink, Source, Stage } from "../lib/flow/mod.ts";
import { formatHttpStats, type HttpSampler } from "../lib/generate/mod.ts";
import { openReaders, type Readers } from "../lib/generate/mod.ts";
import { findDevice, type Model } from "../lib/model/mod.ts";
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
}

/** Documents of the length that the model is to read, cut into pieces. */
export function parts(
  { tokenizer }: Model,
  { shortTokens, longTokens }: Recipe,
): Stage<DocumentRecord, ChunkedDocument> {
  return chunk({ tokenizer, tokens: shortTokens, longTokens });
}

/** Documents in, questions with answers from short contexts out. */
export function answered(options: AnsweredOptions): Stage<DocumentRecord, DraftRecord> {
  const { model, readers, recipe, sampler = readers.short.sampler } = options;
  const { turns, instruction, maxTokens, temperature, questionTemperature } = recipe;
  const { tokenizer } = model;
  const chunks = parts(model, recipe);
  const documentsPerCall = documentsPerCallOf(options);
  const asking = { maxTokens, temperature: questionTemperature };
  const answering = { maxTokens, temperature };
  return pipe(
    options.only ? pipe(chunks, options.only) : chunks,
    compress({ method: recipe.compress, turns, tokenizer, sampler }),
    instruct({ sampler, sampling: asking, instruction, documentsPerCall }),
    sampleShort({ sampler, sampling: answering, documentsPerCall }),
  );
}

/** Documents in, pairs out. */
export function pairs(options: PairsOptions): Pipeline<PairRecord> {
  const { source, sink, readers, recipe, seed, log, deadLetters } = options;
  const { maxTokens, temperature, filters, minConfidence } = recipe;
  const sampler = options.sampler ?? readers.long.sampler;
  const answering = { maxTokens, temperature };
  const documentsPerCall = documentsPerCallOf(options);
  return pipeline({
    name: "pairs",
    seed,
    log,
    deadLetters,
    source,
    stages: [
      answered(options),
      sampleLong({ sampler, sampling: answering, documentsPerCall }),
      pair({ filters, minConfidence, reference: referenceOf(options) }),
      watch({ label: "pairs" }),
    ],
    sink,
  });
}

function referenceOf({ model, readers: { short, long }, recipe }: AnsweredOptions) {
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

/** A file of pairs, gone on with where a run was stopped; returns what was left out, by reason. */
export async function makePairs(
  file: string,
  options: Omit<PairsOptions, "sink">,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const { log } = options;
  const done = await keptRows<PairRecord>(file);
  await checkOwn(done, `${file}.part`, options);
  const made = new Set(done.map(({ id }) => id));
  const rest = only<ChunkedDocument>((id) => !made.has(id), "made before");
  const making = pairs({
    ...options,
    only: options.only ? pipe(options.only, rest) : rest,
    sink: jsonlFile(file, { goOn: true }),
  });
  log.info(`${making}`);
  const report = await making.run({ signal });
  log.info(formatReport(report));
  tellServer(options);
  const dropped = leftOut(report, done);
  if (done.length + report.rows === 0) {
    await Deno.remove(file);
    throw noPairs(dropped);
  }
  return dropped;
}

/** Refuses to go on behind pairs that this run would not have made. */
async function checkOwn(
  done: readonly PairRecord[],
  file: string,
  options: Pick<PairsOptions, "seed"> & AnsweredOptions,
): Promise<void> {
  const [first] = done;
  if (first === undefined) return;
  const hash = await referenceHash(first, identityOf(referenceOf(options)));
  if (first.sampler.seed === options.seed && first.referenceHash === hash) return;
  throw new UserError(`${file} holds pairs of a run with another model, seed or layout`, {
    hint: "Remove it, or choose another --out",
  });
}

function noPairs(dropped: Record<string, number>): UserError {
  return new UserError(`No document gave a pair: ${reasonsOf(dropped) || "there was none"}`, {
    hint: "A document must have more tokens than --short-tokens, and its two answers must differ",
  });
}

/** Says what a server was asked, where one was. */
function tellServer({ sampler, log }: Pick<PairsOptions, "sampler" | "log">): void {
  if (sampler) log.info(`${sampler.name}: ${formatHttpStats(sampler.stats)}`);
}

const command_ = command({
  name: "pairs",
  summary: "Writes preference pairs out of documents, with the model's own questions and answers",
  examples: [
    "deno run -A pipelines/pairs.ts | head -3",
    "deno run -A pipelines/pairs.ts --model SmolLM2 --documents books --out pairs.jsonl",
    "deno run -A pipelines/pairs.ts | deno run -A pipelines/train.ts --pairs -",
    "deno run -A pipelines/pairs.ts --model Qwen --documents books " +
    "--sampler http://127.0.0.1:8000/v1 --sampler-model Qwen/Qwen2.5-0.5B-Instruct",
  ],
  flags: {
    model: commonFlags.model,
    documents: string({
      summary: "File or folder of documents, - for JSONL on standard input; the embedded ones " +
        "without it",
    }),
    out: string({ summary: "File that the pairs are written to; standard output without it" }),
    deadLetters: string({ summary: "File that dropped records are added to", value: "path" }),
    seed: commonFlags.seed,
    ...withDefaults(pairFlags, { "with the embedded model": worldRecipe }),
    ...samplerFlags,
    device: commonFlags.device,
    threads: commonFlags.threads,
  },
});

if (import.meta.main) {
  await main(command_, async (flags, { signal, log, resumeWith }) => {
    const recipe = recipeOf(flags, flags.model ? paperRecipe : worldRecipe);
    const model = await openModel(flags.model ?? WORLD_MODEL, { signal });
    const sampler = samplerOf(flags, model, log);
    const device = await findDevice(flags.device);
    const { ropeTheta } = recipe;
    await using readers = await openReaders(model, {
      ropeTheta,
      device,
      threads: flags.threads,
      log,
    });
    const source = trainingDocuments(flags.documents, recipe, flags.seed);
    const { seed, deadLetters, out } = flags;
    const options = { source, model, readers, sampler, recipe, seed, log, deadLetters };
    if (out === undefined) {
      const report = await pairs({ ...options, sink: jsonlStdout() }).run({ signal });
      tellServer(options);
      if (report.rows === 0) throw noPairs(leftOut(report));
    } else {
      resumeWith(`run the same command again: pairs that are done are kept in ${out}.part`);
      await makePairs(out, options, signal);
    }
  });
}
