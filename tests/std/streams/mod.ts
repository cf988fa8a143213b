/** Splits text into lines at `\n` or `\r\n`, which are left out; linear in the length of a line. */
export class TextLineStream extends TransformStream<string, string> {
  constructor() {
    let pieces: string[] = [];
    super({
      transform(chunk, controller) {
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
      flush(controller) {
        if (pieces.length > 0) controller.enqueue(pieces.join(""));
      },
    });
  }
}
