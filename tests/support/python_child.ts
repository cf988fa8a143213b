import { TextLineStream } from "@std/streams";

/** A Python program that answers each line of JSON with one. */
export class PythonChild implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #questions: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #answers: ReadableStreamDefaultReader<string>;

  /** Starts it; what it says beside its answers goes where ours does. */
  constructor(python: string, script: URL, args: readonly string[] = []) {
    this.#process = new Deno.Command(python, {
      args: [script.pathname, ...args],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#questions = this.#process.stdin.getWriter();
    const lines = this.#process.stdout
      .pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    this.#answers = lines.getReader();
  }

  /** Sends a value and waits for what comes back; Ctrl-C, which Python hears too, is no failure. */
  async ask<Answer>(question: unknown, signal?: AbortSignal): Promise<Answer> {
    await this.#questions.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`));
    const { done, value } = await this.#answers.read();
    signal?.throwIfAborted();
    if (done) throw new Error("Python ended before it had answered; see above for its reasons");
    return JSON.parse(value);
  }

  /** Lets it end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#questions.close().catch(() => {});
    await this.#process.status;
  }
}
