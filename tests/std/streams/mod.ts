/**
 * A stand-in for `jsr:@std/streams`, so that a clone runs where only npm can be reached.
 *
 * It keeps std's names and signatures, holds only what is used here and is never published: who
 * takes the package from JSR gets the real one, and hosted CI tests with it.
 *
 * @module
 */

/** Splits text into lines at `\n` or `\r\n`; a last line without an end is a line too. */
export class TextLineStream extends TransformStream<string, string> {
  /** Makes the stream. */
  constructor() {
    let pieces: string[] = [];
    super({
      transform(chunk, controller): void {
        // A line may be far longer than a chunk, so its pieces are joined once, at its end.
        const lines = chunk.split("\n");
        pieces.push(lines[0]);
        for (const next of lines.slice(1)) {
          const line = pieces.join("");
          controller.enqueue(line.endsWith("\r") ? line.slice(0, -1) : line);
          pieces = [next];
        }
      },
      flush(controller): void {
        const rest = pieces.join("");
        if (rest !== "") controller.enqueue(rest);
      },
    });
  }
}

/** Turns a generator function into a transform stream. */
export function toTransformStream<I, O>(
  transformer: (source: ReadableStream<I>) => Iterable<O> | AsyncIterable<O>,
  writableStrategy?: QueuingStrategy<I>,
  readableStrategy?: QueuingStrategy<O>,
): TransformStream<I, O> {
  const { writable, readable } = new TransformStream<I, I>(undefined, writableStrategy);
  const output = transformer(readable);
  const iterator = Symbol.asyncIterator in output
    ? output[Symbol.asyncIterator]()
    : output[Symbol.iterator]();
  return {
    writable,
    readable: new ReadableStream<O>({
      async pull(controller): Promise<void> {
        try {
          const { done, value } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          await readable.cancel(error).catch(() => {});
          throw error;
        }
      },
      async cancel(reason): Promise<void> {
        await iterator.return?.();
        await readable.cancel(reason).catch(() => {});
      },
    }, readableStrategy),
  };
}
