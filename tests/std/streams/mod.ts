/**
 * A stand-in for `jsr:@std/streams`, so that a clone runs where only npm can be reached.
 *
 * It keeps std's names and signatures, holds only what is used here and is never published: who
 * takes the package from JSR gets the real one, and hosted CI tests with it.
 *
 * @module
 */

/** Splits text into lines at `\n` or `\r\n`, which are left out; linear in the length of a line. */
export class TextLineStream extends TransformStream<string, string> {
  /** Makes the stream. */
  constructor() {
    let pieces: string[] = [];
    super({
      transform(chunk, controller): void {
        let start = 0;
        for (let end = chunk.indexOf("\n"); end !== -1; end = chunk.indexOf("\n", start)) {
          pieces.push(chunk.slice(start, end));
          const line = pieces.length === 1 ? pieces[0] : pieces.join("");
          controller.enqueue(line.endsWith("\r") ? line.slice(0, -1) : line);
          pieces = [];
          start = end + 1;
        }
        if (start < chunk.length) pieces.push(chunk.slice(start));
      },
      flush(controller): void {
        if (pieces.length > 0) controller.enqueue(pieces.join(""));
      },
    });
  }
}
