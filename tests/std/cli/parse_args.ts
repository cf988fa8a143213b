/**
 * The part of std's `parseArgs` that flags declared by name need.
 *
 * @module
 */

/** Which flags there are and how each is read. */
export interface ParseOptions {
  /** Flags that take no value. */
  boolean?: readonly string[];
  /** Flags whose value stays text. */
  string?: readonly string[];
  /** Flags that may come several times. */
  collect?: readonly string[];
  /** Boolean flags that `--no-` in front makes false. */
  negatable?: readonly string[];
  /** Other names of a flag. */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /** What holds for a flag that is not given. */
  default?: Readonly<Record<string, unknown>>;
  /** Called for what is no declared flag; `false` leaves it out of the result. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The flags by name, and under `_` what is no flag. */
export type Args = Record<string, unknown> & { _: (string | number)[] };

/** Reads `--flag value`, `--flag=value`, `--no-flag` and `-f` as std's function of this name does. */
export function parseArgs(args: string[], options: ParseOptions = {}): Args {
  const names = new Map<string, string>();
  for (const [name, aliases] of Object.entries(options.alias ?? {})) {
    for (const alias of [aliases].flat()) names.set(alias, name);
  }
  const is = (kind: "boolean" | "string" | "collect" | "negatable", key: string): boolean =>
    options[kind]?.includes(key) ?? false;

  const result: Args = { _: [] };
  const set = (arg: string, given: string, value: unknown): void => {
    const key = names.get(given) ?? given;
    const known = is("boolean", key) || is("string", key);
    if (!known && options.unknown?.(arg, given, value) === false) return;
    result[key] = is("collect", key) ? [...(result[key] as unknown[] ?? []), value] : value;
  };

  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  for (let i = 0; i < flags.length; i++) {
    const arg = flags[i];
    const match = /^--?(?<given>.+?)(?:=(?<value>.+))?$/s.exec(arg);
    if (!match) {
      if (options.unknown?.(arg) !== false) result._.push(arg);
      continue;
    }
    const { given, value } = match.groups as { given: string; value?: string };
    const negated = given.replace(/^no-/, "");
    const key = names.get(given) ?? given;
    if (value !== undefined) set(arg, given, is("boolean", key) ? value !== "false" : value);
    else if (negated !== given && is("negatable", negated)) set(arg, negated, false);
    else if (is("boolean", key)) set(arg, given, true);
    else if (flags[i + 1] && !flags[i + 1].startsWith("-")) set(arg, given, flags[++i]);
    else set(arg, given, is("string", key) ? "" : true);
  }
  if (end >= 0) result._.push(...args.slice(end + 1));

  for (const [key, value] of Object.entries(options.default ?? {})) {
    if (!(key in result)) result[key] = value;
  }
  for (const key of options.boolean ?? []) result[key] ??= is("collect", key) ? [] : false;
  for (const key of options.collect ?? []) result[key] ??= [];
  for (const [alias, name] of names) if (name in result) result[alias] = result[name];
  return result;
}
