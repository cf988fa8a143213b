/**
 * Reading JSON Lines.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { named } from "../describe.ts";
import type { StageContext } from "../stage.ts";
import { reasonOf } from "../stage_error.ts";
import { UserError } from "../user_error.ts";

/** A line of a JSON Lines file. */
export interface JsonLine<Value = unknown> {
  /** Its number in the file, from 1. */
  line: number;
  /** What it says; nothing has checked its type. */
  value: Value;
}

/** How many broken lines are named in the log; all of them are counted and kept. */
const MOST_WARNINGS = 10;

/**
 * Reads JSON Lines from a file or a stream, line by line.
 *
 * Empty lines are skipped. A line that is no JSON is dropped: its number goes to the log and to
 * the dead letters, and reading goes on.
 *
 * @typeParam Value What the caller knows each line to be; it is not checked.
 * @param input A path, `-` for stdin, or a stream of bytes.
 * @returns A source named `jsonlLines`.
 * @throws {UserError} While it is read, if the file cannot be.
 *
 * @example The second line is broken
 * ```ts
 * import { createContext, jsonlLines } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Blob(['{"a":1}\n{"a":\n{"a":3}\n']).stream();
 * const log = { info() {}, warn() {} };
 *
 * assertEquals(
 *   await Array.fromAsync(jsonlLines(bytes)(createContext({ log }))),
 *   [{ line: 1, value: { a: 1 } }, { line: 3, value: { a: 3 } }],
 * );
 * ```
 */
export function jsonlLines<Value = unknown>(
  input: string | URL | ReadableStream<Uint8Array<ArrayBuffer>>,
): (context: StageContext) => AsyncIterable<JsonLine<Value>> {
  const path = input instanceof ReadableStream ? undefined : `${input}`;
  const label = path ?? "the stream";

  async function* readLines(context: StageContext): AsyncGenerator<JsonLine<Value>> {
    let line = 0;
    let broken = 0;
    for await (const text of linesOf(await openBytes(input), context.signal)) {
      line++;
      if (text.trim() === "") continue;
      let value: Value;
      try {
        value = JSON.parse(text);
      } catch (error) {
        const reason = reasonOf(error);
        context.meter.drop("the line is not JSON", { source: label, line, text, error: reason });
        if (++broken <= MOST_WARNINGS) {
          context.log.warn(`Skipped line ${line} of ${label}: it is not JSON (${reason})`);
        }
        continue;
      }
      yield { line, value };
    }
    if (broken > MOST_WARNINGS) {
      context.log.warn(`Skipped ${broken} lines of ${label} in all: they are not JSON`);
    }
  }

  return named("jsonlLines", readLines, { path });
}

function linesOf(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): ReadableStream<string> {
  return bytes
    .pipeThrough(new TextDecoderStream(), { signal })
    .pipeThrough(new TextLineStream());
}

async function openBytes(
  input: string | URL | ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  if (input instanceof ReadableStream) return input;
  if (input === "-") return Deno.stdin.readable;
  try {
    return (await Deno.open(input)).readable;
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound ? "there is no such file" : reasonOf(cause);
    throw new UserError(`Cannot read ${input}: ${why}`, {
      cause,
      hint: "Give the path of a JSON Lines file, or - for stdin",
    });
  }
}
