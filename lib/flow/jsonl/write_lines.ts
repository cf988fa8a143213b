/**
 * Writing rows as lines, many at a time.
 *
 * @module
 */

import { group } from "../operators/group.ts";
import type { StageContext } from "../stage.ts";
import { asStageError } from "../stage_error.ts";
import { type ByteWriter, writeAll } from "../write_all.ts";

/** A write per line takes 150 times as long; a line that waits longer looks like a hang. */
const BATCH_BYTES = 16 * 1024;
const BATCH_MS = 50;

/**
 * Writes each row as a line of JSON, in batches of some 16 KB or 50 ms.
 *
 * @yields The bytes written so far, after each batch: always whole lines.
 */
export async function* writeLines(
  source: AsyncIterable<unknown>,
  context: StageContext,
  name: string,
  writer: ByteWriter,
): AsyncGenerator<number> {
  const encoder = new TextEncoder();

  let failure: { error: unknown } | undefined;

  // Rows that came before a failure are written before it is told.
  async function* lines(): AsyncGenerator<string> {
    try {
      for await (const row of source) yield serialise(row, context.stage ?? name);
    } catch (error) {
      failure = { error };
    }
  }

  const batches = group<string>({
    weight: (line) => line.length,
    limit: BATCH_BYTES,
    ms: BATCH_MS,
  });
  let written = 0;
  for await (const batch of batches(lines(), context)) {
    const bytes = encoder.encode(batch.join(""));
    await writeAll(writer, bytes);
    written += bytes.length;
    yield written;
  }
  if (failure) throw failure.error;
}

function serialise(row: unknown, name: string): string {
  try {
    const json = JSON.stringify(row);
    if (json === undefined) throw new TypeError(`a ${typeof row} has no JSON`);
    return `${json}\n`;
  } catch (error) {
    throw asStageError(name, error, row);
  }
}
