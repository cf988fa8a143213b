import { jsonlLines, type StageContext } from "../flow/mod.ts";

/** Where a line stands. */
export interface LinePlace {
  /** The file and the line, such as `pairs.jsonl:3`. */
  source: string;
  /** Counted from 1. */
  line: number;
}

/**
 * Reads JSONL, a record a line.
 *
 * A line that `parse` refuses with a `TypeError` is dropped with its place and what is wrong with
 * it, as are lines that are no JSON, and the rest goes on.
 */
export async function* jsonRecords<T>(
  input: string | ReadableStream<Uint8Array<ArrayBuffer>>,
  name: string,
  parse: (value: unknown, place: LinePlace) => T,
  context: StageContext,
): AsyncGenerator<T> {
  for await (const { line, value } of jsonlLines(input)(context)) {
    const source = `${name}:${line}`;
    let record: T;
    try {
      record = parse(value, { source, line });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      context.log.warn(`Skipped ${source}: ${error.message}`);
      context.meter.drop("not a record", { source, value, error: error.message });
      continue;
    }
    yield record;
  }
}
