import { TextLineStream } from "@std/streams";
import type { StageContext } from "../flow/mod.ts";

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
 * A line that is no JSON, or that `parse` refuses with a `TypeError`, is dropped with its place and
 * its text, and the rest goes on.
 */
export async function* jsonLines<T>(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  name: string,
  parse: (value: unknown, place: LinePlace) => T,
  { log, meter, signal }: StageContext,
): AsyncGenerator<T> {
  const lines = bytes.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  let line = 0;
  for await (const text of lines) {
    signal.throwIfAborted();
    line++;
    if (text.trim() === "") continue;
    const source = `${name}:${line}`;
    let record: T;
    try {
      record = parse(JSON.parse(text), { source, line });
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      const reason = error instanceof SyntaxError ? "not JSON" : "not a record";
      log.warn(`${source}: ${reason}: ${error.message}`);
      meter.drop(reason, { source, text });
      continue;
    }
    yield record;
  }
}
