/**
 * From an error to an exit code and to what a person reads.
 *
 * @module
 */

import { isSystemError, UserError } from "../flow/mod.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Screen } from "./screen.ts";
import { UsageError } from "./usage_error.ts";

/** The system's own words name the path or the permission, and a stack trace adds nothing to them. */
function isMendable(error: unknown): error is Error {
  return error instanceof UserError || error instanceof Deno.errors.NotCapable ||
    isSystemError(error);
}

/** An error, then what caused it, then what caused that; of two at once, the newer one first. */
export function* causes(error: unknown): Generator<unknown> {
  if (error === undefined) return;
  yield error;
  if (error instanceof SuppressedError) {
    yield* causes(error.error);
    yield* causes(error.suppressed);
  } else if (error instanceof Error) {
    yield* causes(error.cause);
  }
}

/**
 * Prints an error the way its kind asks for and says how to exit.
 *
 * Nothing is printed where standard output was closed by its reader: that is no failure.
 */
export function tellFailure(error: unknown, screen: Screen): ExitCode {
  const chain = [...causes(error)];
  if (chain.some((cause) => cause instanceof Deno.errors.BrokenPipe)) return exitCode.done;
  const mendable = chain.find(isMendable);
  if (mendable !== undefined) {
    tellPerson(mendable, chain, screen);
    return mendable instanceof UsageError ? exitCode.usage : exitCode.failed;
  }
  screen.print(`${screen.paint("red", "error:")} ${Deno.inspect(error)}`);
  screen.print("This looks like a defect of the program: please report it with the lines above");
  return exitCode.failed;
}

function tellPerson(error: Error, chain: readonly unknown[], screen: Screen): void {
  // Who wrapped the error may have said where it happened, in a sentence around the same words.
  const said = chain.filter((e) => e instanceof Error).map((e) => e.message);
  const fullest = said.find((message) => message.includes(error.message)) ?? error.message;
  screen.print(`${screen.paint("red", "error:")} ${fullest}`);
  const { cause } = error;
  const isSaid = cause instanceof Deno.errors.NotFound;
  if (cause instanceof Error && !isSaid && !fullest.includes(cause.message)) {
    screen.print(`cause: ${cause.message}`);
  }
  const hinting = chain.find((e) => e instanceof UserError && e.hint !== undefined);
  if (hinting instanceof UserError) screen.print(`hint: ${hinting.hint}`);
}
