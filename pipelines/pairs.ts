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
  number,
  pairFlags,
  paperRecipe,
  type Recipe,
  recipeOf,
  samplerFlags,
  samplerOf,
  string,
  watch,
} from "../lib/cli/mod.ts";
import { chunk, type ChunkedDocument, compress, documents, instruct } from "../lib/data/mod.ts";
import { pair, sampleLong, sampleShort } from "../lib/data/mod.ts";
import type { DocumentRecord, PairRecord } from "../lib/data/mod.ts";
import {
  filter,
  jsonlFile,
  jsonlStdout,
  keptRows,
  pipe,
  pipeline,
  prepend,
} from "../lib/flow/mod.ts";
import { drops, formatReport } from "../lib/flow/mod.ts";
import type { Logger, Pipeline, Sink, Source, Stage } from "../lib/flow/mod.ts";
import { formatHttpStats, type HttpSampler } from "../lib/generate/mod.ts";
import { openReaders, type Readers } from "../lib/generate/mod.ts";
import { findDevice, loadModel, type Model } from "../lib/model/mod.ts";
import { objectiveNamed } from "../lib/objective/mod.ts";

/** What a pairs pipeline reads and writes with. */
export interface PairsOptions {
  source: Source<DocumentRecord>;
  sink: Sink<PairRecord>;
  model: Model;
  readers: Readers;
  /** Who writes questions and answers in place of the model, which still scores them. */
  sampler?: HttpSampler;
  recipe: Recipe;
  seed: number;
  log: Logger;
  deadLetters?: string;
  /** Stages before the first, such as a filter on documents. */
  only?: Stage<DocumentRecord, DocumentRecord>;
  /** Pairs that a run which was stopped has made already. */
  done?: readonly PairRecord[];
}

/** Documents in, pairs out. */
export function pairs(options: PairsOptions): Pipeline<PairRecord> {
  const { source, sink, model, readers: { short, long }, recipe, seed, log, deadLetters } = options;
  const { only, done = [], sampler } = options;
  const made = new Set(done.map(({ id }) => id));
  const { shortTokens, longTokens, turns, instruction, layout, maxTokens, temperature } = recipe;
  const { tokenizer } = model;
  const { filters, minConfidence } = recipe;
  const chunks = chunk({ tokenizer, tokens: shortTokens, longTokens });
  const writer = { short: sampler ?? short.sampler, long: sampler ?? long.sampler };
  // A server is to have as many requests at a time as it takes.
  const documentsPerCall = Math.max(recipe.documentsPerCall, sampler?.concurrency ?? 1);
  const asking = { maxTokens, temperature: recipe.questionTemperature };
  const answering = { maxTokens, temperature };
  const context = objectiveNamed(recipe.objective).reference === "long" ? "long" : "short";
  const reference = { scorer: short.scorer, longScorer: long.scorer, model, layout };
  return pipeline({
    name: "pairs",
    seed,
    log,
    deadLetters,
    source,
    stages: [
      only ? pipe(only, chunks) : chunks,
      filter(({ id }: ChunkedDocument) => !made.has(id), "made before"),
      compress({ method: recipe.compress, turns, tokenizer, sampler: writer.short }),
      instruct({ sampler: writer.short, sampling: asking, instruction, documentsPerCall }),
      sampleShort({ sampler: writer.short, sampling: answering, documentsPerCall }),
      sampleLong({ sampler: writer.long, sampling: answering, documentsPerCall }),
      pair({ filters, minConfidence, reference: { ...reference, contexts: [context] } }),
      watch({ label: "pairs" }),
      prepend(done),
    ],
    sink,
  });
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
  options: Omit<PairsOptions, "sink" | "done">,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const made = pairs({ ...options, done: await keptRows(file), sink: jsonlFile(file) });
  options.log.info(`${made}`);
  const report = await made.run({ signal });
  options.log.info(formatReport(report));
  tellServer(options);
  const turns = report.stages.flatMap(({ counters }) => Object.entries(counters))
    .filter(([name]) => name.startsWith("turns dropped: "));
  return { ...drops(report), ...Object.fromEntries(turns) };
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
    ...commonFlags,
    ...pairFlags,
    ...samplerFlags,
    model: string({ summary: "Hugging Face model folder; the embedded model without it" }),
    documents: string({ summary: "File or folder of documents, - for JSONL on standard input" }),
    out: string({ summary: "File that the pairs are written to; standard output without it" }),
    deadLetters: string({ summary: "File that dropped records are added to", value: "path" }),
    threads: number({ summary: "Threads of one operator; 0 is one a core", default: 0, min: 0 }),
  },
});

if (import.meta.main) {
  await main(command_, async (flags, { signal, log, resumeWith }) => {
    const recipe = recipeOf(flags, flags.model ? paperRecipe : worldRecipe);
    const model = await loadModel(flags.model ?? WORLD_MODEL, { signal });
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
      await pairs({ ...options, sink: jsonlStdout() }).run({ signal });
      tellServer(options);
    } else {
      resumeWith(`run the same command again: ${out}.part holds the pairs that are done`);
      await makePairs(out, options, signal);
    }
  });
}
