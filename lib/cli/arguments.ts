/**
 * From a list of arguments to flags by name, and the messages for what does not belong.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import type { Flag } from "./flag.ts";
import { nearest } from "./nearest.ts";
import { UsageError } from "./usage_error.ts";

const SEE_HELP = "Run with --help to see every flag";

/**
 * Reads `--flag value`, `--flag=value`, `--switch` and `--no-switch`.
 *
 * @param args The arguments.
 * @param flags The flags by their typed names, without the two hyphens.
 * @returns By typed name the value of a flag, a list where it may be repeated.
 * @throws {UsageError} For what is no flag, and for a value that is not allowed.
 */
export function readArguments(
  args: readonly string[],
  flags: ReadonlyMap<string, Flag<unknown>>,
): Map<string, unknown> {
  const names = [...flags.keys()];
  const [switches, taking] = [false, true].map((takes) =>
    names.filter((n) => takes === takesValue(n))
  );
  const given: Record<string, unknown> = parseArgs(glueValues(args, takesValue), {
    string: taking,
    collect: taking,
    boolean: switches,
    negatable: switches,
    default: Object.fromEntries(switches.map((name) => [name, flags.get(name)!.default])),
    unknown: (arg: string, key?: string) => {
      throw unknownArgument(arg, key, names);
    },
  });
  // What follows `--` never comes by the function above.
  for (const rest of given._ as unknown[]) throw unknownArgument(String(rest), undefined, names);
  for (const arg of args) refuseSwitchValue(arg, switches);

  return new Map(names.map((name) => {
    const flag = flags.get(name)!;
    return [name, takesValue(name) ? readValues(name, flag, given[name] as string[]) : given[name]];
  }));

  function takesValue(name: string): boolean {
    return flags.get(name)?.value !== undefined;
  }
}

/** Writes `--flag -1` and `--flag -` as `--flag=-1` and `--flag=-`, else they would count as flags. */
function glueValues(args: readonly string[], takesValue: (name: string) => boolean): string[] {
  const glued: string[] = [];
  for (const arg of args) {
    const before = glued.at(-1);
    const isValue = before?.startsWith("--") && takesValue(before.slice(2)) &&
      /^-($|[\d.])/.test(arg);
    if (isValue) glued[glued.length - 1] = `${before}=${arg}`;
    else glued.push(arg);
  }
  return glued;
}

function readValues(name: string, flag: Flag<unknown>, texts: readonly string[]): unknown {
  if (texts.length === 0) {
    if (!flag.required) return flag.default;
    throw new UsageError(`Missing --${name} <${flag.value}>: ${flag.summary}`, { hint: SEE_HELP });
  }
  const values = texts.map((text) => {
    const value = flag.read(text);
    if (value !== undefined) return value;
    const got = text === "" ? "nothing" : `'${text}'`;
    throw new UsageError(`Cannot use --${name}: expected ${flag.allowed}, got ${got}`, {
      hint: SEE_HELP,
    });
  });
  return flag.several ? values : values.at(-1);
}

function refuseSwitchValue(arg: string, switches: readonly string[]): void {
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
  if (!switches.includes(name) || value === "true" || value === "false") return;
  throw new UsageError(`Cannot use --${name}: it takes no value, got '${value}'`, {
    hint: `Write --${name}, or --no-${name} for the contrary`,
  });
}

function unknownArgument(
  arg: string,
  key: string | undefined,
  names: readonly string[],
): UsageError {
  if (key === undefined) {
    return new UsageError(`Cannot use '${arg}': every argument here is a flag and its value`, {
      hint: SEE_HELP,
    });
  }
  // The parser takes `--flag=` without a value for a flag named `flag=`.
  const name = arg.replace(/^--?/, "").replace(/=.*$/s, "");
  if (names.includes(name)) return new UsageError(`Cannot use --${name}: its value is missing`);
  const guess = nearest(name, [...names, "help"]);
  return new UsageError(`Unknown flag ${arg.replace(/=.*$/s, "")}`, {
    hint: guess === undefined ? SEE_HELP : `Did you mean --${guess}?`,
  });
}
