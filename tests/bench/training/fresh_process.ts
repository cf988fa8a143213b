/**
 * Programs that print JSON, each run in a process of its own.
 *
 * @module
 */

import { UserError } from "../../../lib/flow/mod.ts";

/** Values of flags by their names in code. */
export type FlagValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** A program and what is handed on to it. */
export interface Program {
  /** The executable. */
  path: string;
  /** Its first arguments, which say which program it runs. */
  args: readonly string[];
  /** Flags that follow. */
  flags: FlagValues;
}

/** Flags as they are typed; those that are undefined are left out. */
function typed(flags: FlagValues): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (value === undefined) return [];
    if (typeof value === "boolean") return [value ? `--${flag}` : `--no-${flag}`];
    return [`--${flag}=${value}`];
  });
}

/**
 * Runs a program to its end and parses the last line that it printed.
 *
 * @throws {UserError} If it cannot be started or fails; the message has the end of what it said.
 */
export async function runJson<T>({ path, args, flags }: Program, signal: AbortSignal): Promise<T> {
  const all = [...args, ...typed(flags)];
  const { code, signal: killed, stdout, stderr } = await output(path, all, signal);
  signal.throwIfAborted();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (killed !== null) {
    throw new UserError(`${[path, ...all].join(" ")} was ended by ${killed}`, {
      hint: killed === "SIGKILL" ? "The machine may have run out of memory" : undefined,
    });
  }
  if (code !== 0) {
    const said = text(stderr).split("\n").slice(-8).join("\n");
    throw new UserError(`${[path, ...all].join(" ")} failed with exit code ${code}:\n${said}`);
  }
  return JSON.parse(text(stdout).split("\n").at(-1)!);
}

async function output(
  path: string,
  args: string[],
  signal: AbortSignal,
): Promise<Deno.CommandOutput> {
  try {
    return await new Deno.Command(path, { args, signal }).output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UserError(`There is no program ${path}`, { cause });
  }
}
