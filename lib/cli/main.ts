/**
 * The frame around a pipeline's main: help, signals, errors, exit codes.
 *
 * @module
 */

import type { Logger } from "../flow/mod.ts";
import type { Command, Flags, Values } from "./command.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import { causes, tellFailure } from "./failure.ts";
import { screenLogger } from "./logger.ts";
import { type Screen, stderrScreen } from "./screen.ts";
import { type Stop, stopOnSignal } from "./stop.ts";

/** What a run is given beside its flags. */
export interface Run {
  /** Aborted at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Talks on standard error. */
  readonly log: Logger;
  /** Says how to go on later; printed where the run is stopped. The last call holds. */
  resumeWith(instruction: string): void;
}

/**
 * Runs a command with the program's arguments and exits.
 *
 * | exit code | says |
 * | --- | --- |
 * | 0 | all was done, or the reader of standard output had enough (`\| head`) |
 * | 1 | it failed: standard error has the message, and a hint where there is one |
 * | 2 | the command line cannot be run as it was typed |
 * | 130 | stopped by Ctrl-C: in order after the first, at once after the second |
 * | 143 | stopped by SIGTERM, in the same way |
 *
 * An error a person can mend ({@linkcode UserError}, a missing file, a missing permission) is
 * printed without its stack trace; any other with it.
 *
 * @example A program
 * ```ts ignore
 * await main(answer, async (flags, { signal, log, resumeWith }) => {
 *   resumeWith(`run the same command again: ${flags.out} holds what is done`);
 *   await run(answers(flags), { signal, log });
 * });
 * ```
 */
export async function main<F extends Flags>(
  command: Command<F>,
  run: (flags: Values<F>, run: Run) => Promise<void>,
): Promise<never> {
  const code = await attempt(command, run, stderrScreen);
  Deno.exit(code);
}

async function attempt<F extends Flags>(
  command: Command<F>,
  run: (flags: Values<F>, run: Run) => Promise<void>,
  screen: Screen,
): Promise<ExitCode> {
  using stop = stopOnSignal(screen);
  let resume: string | undefined;
  const resumeWith = (instruction: string): void => {
    resume = instruction;
  };
  let failure: ExitCode | undefined;
  try {
    if (command.asksForHelp(Deno.args)) console.log(command.help());
    else {
      const { signal } = stop;
      await run(command.parse(Deno.args), { signal, log: screenLogger(screen), resumeWith });
    }
  } catch (error) {
    if (!isStop(error, stop)) failure = tellFailure(error, screen);
  }
  const code = failure ?? stop.code ?? exitCode.done;
  if (code !== exitCode.done && resume !== undefined) screen.print(`To go on: ${resume}`);
  return code;
}

function isStop(error: unknown, stop: Stop): boolean {
  if (!stop.signal.aborted) return false;
  return [...causes(error)].some((cause) =>
    cause === stop.signal.reason || (cause instanceof Error && cause.name === "AbortError")
  );
}
