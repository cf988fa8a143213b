/**
 * Ctrl-C, twice: the first asks the work to stop where it can go on later, the second stops it.
 *
 * @module
 */

import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Screen } from "./screen.ts";

/** A stop that may have been asked for. */
export interface Stop extends Disposable {
  /** Aborted when the stop is asked for. */
  readonly signal: AbortSignal;
  /** How to exit then; `undefined` while nobody has asked. */
  readonly code: ExitCode | undefined;
}

/** Listens for SIGINT and SIGTERM; a second one exits at once. */
export function stopOnSignal(screen: Screen): Stop {
  const controller = new AbortController();
  let code: ExitCode | undefined;

  const on = (name: Deno.Signal, exit: ExitCode): () => void => {
    const listener = (): void => {
      if (code !== undefined) Deno.exit(exit);
      code = exit;
      screen.print("Stopping after what is in hand; Ctrl-C again stops at once");
      controller.abort(new DOMException(`Stopped by ${name}`, "AbortError"));
    };
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  };
  const off = [on("SIGINT", exitCode.interrupted)];
  if (Deno.build.os !== "windows") off.push(on("SIGTERM", exitCode.terminated));

  return {
    signal: controller.signal,
    get code(): ExitCode | undefined {
      return code;
    },
    [Symbol.dispose]: () => off.forEach((remove) => remove()),
  };
}
