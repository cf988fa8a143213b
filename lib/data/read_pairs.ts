import { named, type StageContext, UserError } from "../flow/mod.ts";
import { jsonRecords } from "./json_records.ts";
import { parsePair } from "./parse_pair.ts";
import type { PairRecord } from "./record.ts";

/** Options of {@linkcode readPairs}. */
export interface ReadPairsOptions {
  /** What `-` reads. @default {Deno.stdin.readable} */
  stdin?: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * A source of pairs from a JSONL file, or from stdin for `-`.
 *
 * Every line is checked field by field ({@linkcode parsePair}); a line that is no pair is dropped
 * with its number and what is wrong with it, and the rest goes on. To read a file several times, see
 * `epochs`.
 *
 * @throws {UserError} While it runs, if there is no such file or not one pair in it.
 *
 * @example A file of pairs
 * ```ts
 * import { readPairs } from "@longpo/longpo/data";
 *
 * const source = readPairs("pairs.jsonl");
 * console.log(source.name); // readPairs
 * ```
 */
export function readPairs(
  path: string,
  options: ReadPairsOptions = {},
): (context: StageContext) => AsyncIterable<PairRecord> {
  const isStdin = path === "-";
  const name = isStdin ? "stdin" : path;
  const input = isStdin ? options.stdin ?? path : path;
  return named("readPairs", async function* readPairs(context) {
    let read = 0;
    for await (const pair of jsonRecords(input, name, parsePair, context)) {
      read++;
      yield pair;
    }
    if (read === 0) throw new UserError(`There is no pair in ${name}`);
  }, { path });
}
