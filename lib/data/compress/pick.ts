import { chunkText, type CompressMethod } from "./method.ts";

/**
 * Takes random distinct chunks, in the document's order, as LongPO does.
 *
 * Remnants, shorter than half the document's longest chunk, are left out.
 */
export function pick(): CompressMethod {
  return function pick(document, { turns, random, context }) {
    const longest = Math.max(...document.chunks.map(({ tokens }) => tokens));
    const whole = document.chunks.filter((chunk) =>
      2 * chunk.tokens >= longest && chunkText(document, chunk) !== ""
    );
    const questions = document.questions?.length ?? 0;
    // A random chunk need not hold the answer to a question that came with the document.
    if (questions > 0) context.meter.count("given questions left unused", questions);
    return random.shuffle(whole).slice(0, turns)
      .sort((one, other) => one.start - other.start)
      .map((chunk) => ({ short: chunkText(document, chunk) }));
  };
}
