/**
 * From an error to an exit code and to what a person reads.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { type ExitCode, exitCode } from "./exit_code.ts";
import type { Screen } from "./screen.ts";
import { UsageError } from "./usage_error.ts";

// The system's own words name the path or the permission, and a stack trace adds nothing to them.
const personal = [
  UserError,
  Deno.errors.NotFound,
  Deno.errors.PermissionDenied,
  Deno.errors.NotCapable,
];

/** An error, then what caused it, then what caused that. */
export function* causes(error: unknown): Generator<unknown> {
  for (let cause = error; cause !== undefined; cause = beneath(cause)) yield cause;
}

function beneath(error: unknown): unknown {
  if (error instanceof SuppressedError) return error.error ?? error.suppressed;
  return error instanceof Error ? error.cause : undefined;
}

/**
 * Prints an error the way its kind asks for and says how to exit.
 *
 * Nothing is printed where standard output was closed by its reader: that is no failure.
 */
export function tellFailure(error: unknown, screen: Screen): ExitCode {
  const chain = [...causes(error)];
  if (chain.some((cause) => cause instanceof Deno.errors.BrokenPipe)) return exitCode.done;
  const mendable = chain.find((cause) => personal.some((kind) => cause instanceof kind));
  if (mendable instanceof Error) {
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
  if (cause instanceof Error && !fullest.includes(cause.message)) {
    screen.print(`cause: ${cause.message}`);
  }
  const hinting = chain.find((e) => e instanceof UserError && e.hint !== undefined);
  if (hinting instanceof UserError) screen.print(`hint: ${hinting.hint}`);
}
