import type { RunOperators } from "./observe.ts";
import { readOperatorTrace } from "./operator_trace.ts";

/** Looks into one run: the backend tells it when the run starts, and the runtime writes what was in it. */
export class RunProbe implements Disposable {
  #folder?: string;
  #start?: number;

  /**
   * What the name of the runtime's file is to begin with. The file is in a folder of its own, as the runtime adds the
   * time of day to its name and does not tell it.
   */
  get prefix(): string {
    this.#folder ??= Deno.makeTempDirSync({ prefix: "longpo-profile" });
    return `${this.#folder}/run`;
  }

  /** Says that the runtime is called now. */
  begin(): void {
    this.#start = performance.now();
  }

  /** The run's operators; nothing of a backend that has not begun. */
  read(): RunOperators | undefined {
    if (this.#folder === undefined || this.#start === undefined) return undefined;
    const [file] = Deno.readDirSync(this.#folder);
    const trace = readOperatorTrace(Deno.readTextFileSync(`${this.#folder}/${file.name}`));
    return { start: this.#start, read: performance.now(), trace };
  }

  /** Removes the runtime's file. */
  [Symbol.dispose](): void {
    if (this.#folder !== undefined) Deno.removeSync(this.#folder, { recursive: true });
  }
}
