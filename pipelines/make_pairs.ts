/**
 * A file of pairs, and what is said of the making.
 *
 * @module
 */

import {
  type ChunkedDocument,
  identityOf,
  leftOut,
  only,
  type PairRecord,
} from "../lib/data/mod.ts";
import { reasonsOf, referenceHash } from "../lib/data/mod.ts";
import {
  formatReport,
  jsonlFile,
  keptRows,
  pipe,
  type PipelineReport,
  UserError,
} from "../lib/flow/mod.ts";
import { formatHttpStats, formatSamplerStats, type Reader } from "../lib/generate/mod.ts";
import { type AnsweredOptions, pairs, type PairsOptions, referenceOf } from "./pairing.ts";

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
  if (made.size > 0) log.info(`${file}.part has ${made.size} pairs already`);
  const rest = only<ChunkedDocument>((id) => !made.has(id), "made before");
  const report = await runPairs({
    ...options,
    only: options.only ? pipe(options.only, rest) : rest,
    sink: jsonlFile(file, { goOn: true }),
    made: made.size,
  }, signal);
  const dropped = leftOut(report, done);
  if (done.length + report.rows === 0) {
    await Deno.remove(file);
    throw noPairs(dropped);
  }
  return dropped;
}

/** Makes pairs, and tells how before and what came of it afterwards. */
export async function runPairs(
  options: PairsOptions,
  signal: AbortSignal,
): Promise<PipelineReport> {
  const { log } = options;
  const making = pairs(options);
  log.info(`${making}`);
  const report = await making.run({ signal });
  log.info(formatReport(report));
  tellSamplers(options);
  return report;
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

/** What to say where nothing came of documents. */
export function noPairs(dropped: Record<string, number>): UserError {
  return new UserError(`No document gave a pair: ${reasonsOf(dropped) || "there was none"}`, {
    hint: "A document must have more tokens than --short-tokens, and its two answers must differ",
  });
}

/** Says how much was written, and how fast. */
function tellSamplers(
  { sampler, readers, log }: Pick<PairsOptions, "sampler" | "readers" | "log">,
): void {
  if (sampler) return log.info(`${sampler.name}: ${formatHttpStats(sampler.stats)}`);
  const { short, long } = readers;
  const tell = ({ sampler }: Reader, where: string) =>
    log.info(`${sampler.name}${where}: ${formatSamplerStats(sampler.stats)}`);
  if (short === long) return tell(short, "");
  tell(short, " on short contexts");
  tell(long, " on long contexts");
}
