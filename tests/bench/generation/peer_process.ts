/**
 * transformers in a process of its own, which stays loaded between jobs.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { UserError } from "../../../lib/flow/mod.ts";
import type { Answered, Job } from "./jobs.ts";

const SCRIPT = new URL("./peer.py", import.meta.url).pathname;

/** The peer, ready to answer. */
export class PeerProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #jobs: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #answers: ReadableStreamDefaultReader<string>;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#jobs = process.stdin.getWriter();
    this.#answers = process.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
  }

  /**
   * Starts a Python and waits until it has read the model.
   *
   * @throws {UserError} If it ends before that; it has said why on standard error.
   */
  static async open(
    { python, model, threads, signal }: {
      python: string;
      model: string;
      threads: number;
      signal: AbortSignal;
    },
  ): Promise<PeerProcess> {
    const args = [SCRIPT, "--model", model, "--threads", String(threads)];
    const command = new Deno.Command(python, { args, stdin: "piped", stdout: "piped", signal });
    const peer = new PeerProcess(command.spawn());
    await peer.#answer();
    return peer;
  }

  async #answer(): Promise<string> {
    const { done, value } = await this.#answers.read();
    if (done) throw new UserError("The peer ended before it had answered");
    return value;
  }

  /** Answers prompts greedily. */
  async run({ prompts, newTokens, repeated }: Job): Promise<Answered> {
    const line = JSON.stringify({ prompts, newTokens, repeated });
    await this.#jobs.write(new TextEncoder().encode(`${line}\n`));
    return JSON.parse(await this.#answer());
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#jobs.close().catch(() => {});
    await this.#process.status;
  }
}
