import { named, type StageContext, UserError } from "../flow/mod.ts";
import { jsonRecords } from "./json_records.ts";
import { muted } from "./muted.ts";
import { parsePair } from "./parse_pair.ts";
import type { PairRecord } from "./record.ts";

/** Options of {@linkcode readPairs}. */
export interface ReadPairsOptions {
  /** How often the file is read; stdin can be read once. @default {1} */
  epochs?: number;
  /** What `-` reads. @default {Deno.stdin.readable} */
  stdin?: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * A source of pairs from a JSONL file, or from stdin for `-`.
 *
 * Every line is checked field by field ({@linkcode parsePair}); a line that is no pair is dropped
 * with its number and what is wrong with it, and the rest goes on.
 *
 * @throws {UserError} If stdin is to be read more than once; while it runs, if there is no such
 * file or not one pair in it.
 *
 * @example Three times over a file
 * ```ts
 * import { readPairs } from "@longpo/longpo/data";
 *
 * const source = readPairs("pairs.jsonl", { epochs: 3 });
 * console.log(source.name); // readPairs
 * ```
 */
export function readPairs(
  path: string,
  options: ReadPairsOptions = {},
): (context: StageContext) => AsyncIterable<PairRecord> {
  const { epochs = 1, stdin } = options;
  const name = path === "-" ? "stdin" : path;
  if (path === "-" && epochs > 1) {
    throw new UserError(`Cannot read pairs from stdin ${epochs} times`, {
      hint: "Write them to a file first, or train for one epoch",
    });
  }
  return named("readPairs", async function* readPairs(context) {
    for (let epoch = 0; epoch < epochs; epoch++) {
      // Lines that were dropped once are not news in later epochs.
      const reporting = epoch === 0 ? context : muted(context);
      const input = path === "-" ? stdin ?? path : path;
      let read = 0;
      for await (const pair of jsonRecords(input, name, parsePair, reporting)) {
        read++;
        yield pair;
      }
      if (read === 0) throw new UserError(`There is no pair in ${name}`);
    }
  }, { path, epochs });
}
