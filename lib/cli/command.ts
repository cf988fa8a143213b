/**
 * A command: its name, what it does and its flags, from which follow the reading of arguments, the
 * help and the messages for what was typed wrongly.
 *
 * @module
 */

import { readArguments } from "./arguments.ts";
import type { Flag } from "./flag.ts";
import { helpText } from "./help.ts";

/** Flags by their names in code; `maxTokens` is typed `--max-tokens`. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** What the flags hold once the arguments are read. */
export type Values<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never;
};

/** What a command is described by. */
export interface CommandOptions<F extends Flags> {
  /** Its name, as the help and the messages say it. */
  name: string;
  /** What it does, one sentence without a full stop. */
  summary: string;
  /** Whole command lines that work, shown in the help. @default {[]} */
  examples?: readonly string[];
  /** What its flags do not tell, a paragraph each, such as what its output means. @default {[]} */
  notes?: readonly string[];
  /** Its flags beside `--help`. */
  flags: F;
}

/** A command that reads its arguments. */
export interface Command<F extends Flags> extends Required<CommandOptions<F>> {
  /** Whether the arguments ask for the help. */
  asksForHelp(args: readonly string[]): boolean;
  /** The help, ready to print. */
  help(): string;
  /**
   * Reads the arguments.
   *
   * @throws {UsageError} Where a flag is unknown or missing, or a value is not allowed.
   */
  parse(args: readonly string[]): Values<F>;
}

/**
 * Describes a command.
 *
 * @example A command with two flags
 * ```ts
 * import { command, commonFlags, number } from "./mod.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const count = command({
 *   name: "count",
 *   summary: "Counts the tokens of documents",
 *   examples: ["deno run -R pipelines/count.ts --documents books --max-tokens 32768"],
 *   flags: {
 *     documents: commonFlags.documents,
 *     maxTokens: number({ summary: "Longest document", integer: true, min: 1, default: 8192 }),
 *   },
 * });
 * const { documents, maxTokens } = count.parse(["--documents", "books", "--max-tokens", "512"]);
 *
 * assertEquals([documents, maxTokens], ["books", 512]);
 * ```
 */
export function command<const F extends Flags>(options: CommandOptions<F>): Command<F> {
  const { examples = [], notes = [] } = options;
  const described: Required<CommandOptions<F>> = { ...options, examples, notes };
  const names = Object.keys(options.flags);
  const byTypedName = new Map(names.map((name) => [typedName(name), options.flags[name]]));
  return {
    ...described,
    asksForHelp: (args) => args.includes("--help") || args.includes("-h"),
    help: () => helpText({ ...described, flags: byTypedName }),
    parse: (args) => {
      const values = readArguments(args, byTypedName);
      return Object.fromEntries(names.map((n) => [n, values.get(typedName(n))])) as Values<F>;
    },
  };
}

/** A flag's name as it is typed: `shortTokens` is `short-tokens`. */
export function typedName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
