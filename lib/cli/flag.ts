/**
 * The kinds of flags: each is a function that describes one and knows how to read its value.
 *
 * @module
 */

/** A flag: what it is for, what it takes and how a value is read. */
export interface Flag<T> {
  /** What it is for, one sentence without a full stop. */
  readonly summary: string;
  /** What stands for the value in the help, such as `path`; none where the flag takes no value. */
  readonly value?: string;
  /** What a value may be, in words that follow "expected". */
  readonly allowed: string;
  /** What holds where the flag is not given. */
  readonly default: T;
  /** What holds then in words, where that depends on more than this flag. */
  readonly standard?: string;
  /** Whether a command cannot run without it. */
  readonly required: boolean;
  /** Whether it may be given several times, each time adding a value. */
  readonly several: boolean;
  /** The heading that it stands under in the help; under none where it is missing. */
  readonly group?: string;
  /** Reads one value; `undefined` where the text is none. */
  read(text: string): unknown;
}

/** What every flag is described by. */
export interface FlagOptions<T> {
  /** What it is for, one sentence without a full stop. */
  summary: string;
  /** What holds where the flag is not given. */
  default?: T;
  /** Whether a command cannot run without it. @default {false} */
  required?: boolean;
  /** What stands for the value in the help. */
  value?: string;
}

/** The type a flag's value has: `undefined` is left out where there is a default or it must be given. */
export type Held<T, Options> = Options extends { default: T } | { required: true } ? T
  : T | undefined;

function flag<T, Options extends FlagOptions<T>>(
  options: Options,
  value: string,
  allowed: string,
  read: (text: string) => T | undefined,
): Flag<Held<T, Options>> {
  return {
    summary: options.summary,
    value: options.value ?? value,
    allowed,
    default: options.default as Held<T, Options>,
    required: options.required ?? false,
    several: false,
    read,
  };
}

/** A flag that takes text, such as a path. */
export function string<const Options extends FlagOptions<string>>(
  options: Options,
): Flag<Held<string, Options>> {
  return flag<string, Options>(
    options,
    "text",
    "text that is not empty",
    (text) => text || undefined,
  );
}

/** What a number has to be. */
export interface NumberOptions extends FlagOptions<number> {
  /** The least it may be. */
  min?: number;
  /** The most it may be. */
  max?: number;
  /** Whether it must be whole. @default {false} */
  integer?: boolean;
}

/** A flag that takes a number within bounds. */
export function number<const Options extends NumberOptions>(
  options: Options,
): Flag<Held<number, Options>> {
  const { min = -Infinity, max = Infinity, integer = false } = options as NumberOptions;
  return flag<number, Options>(options, "number", describeNumber(options), (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    const fits = Number.isFinite(value) && value >= min && value <= max;
    return fits && (!integer || Number.isSafeInteger(value)) ? value : undefined;
  });
}

function describeNumber({ min, max, integer }: NumberOptions): string {
  const kind = integer ? "a whole number" : "a number";
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind}, ${min} or more`;
  if (max !== undefined) return `${kind}, ${max} or less`;
  return kind;
}

/** What may be chosen from. */
export interface ChoiceOptions<Choice extends string> extends FlagOptions<Choice> {
  /** The words that may be given. */
  choices: readonly Choice[];
}

/** A flag that takes one of a few words. */
export function choice<
  const Choice extends string,
  const Options extends ChoiceOptions<Choice> = ChoiceOptions<Choice>,
>(
  options: Options & { choices: readonly Choice[] },
): Flag<Held<Choice, Options>> {
  const { choices } = options;
  return flag<Choice, Options>(
    options,
    choices.join("|"),
    `one of ${choices.join(", ")}`,
    (text) => choices.find((word) => word === text),
  );
}

/** What a switch is described by. */
export interface ToggleOptions {
  /** What it switches on, one sentence without a full stop. */
  summary: string;
  /** Whether it is on where it is not given; then `--no-` before its name switches it off. */
  default?: boolean;
}

/** A flag that takes no value: given or not. */
export function toggle(options: ToggleOptions): Flag<boolean> {
  return {
    summary: options.summary,
    allowed: "true or false",
    default: options.default ?? false,
    required: false,
    several: false,
    read: (text) => text === "true" ? true : text === "false" ? false : undefined,
  };
}

/** Puts flags under a heading of their own in the help. */
export function inGroup<F extends Readonly<Record<string, Flag<unknown>>>>(
  group: string,
  flags: F,
): F {
  const grouped = Object.entries(flags).map(([name, flag]) => [name, { ...flag, group }]);
  return Object.fromEntries(grouped) as F;
}

/** Lets a flag be given several times; its value is the list, empty where it is not given. */
export function repeated<T>(flag: Flag<T>): Flag<NonNullable<T>[]> {
  const { default: single } = flag;
  return { ...flag, several: true, default: single == null ? [] : [single] };
}
