/**
 * The text of `--help`.
 *
 * @module
 */

import type { Flag } from "./flag.ts";

/** What the help tells of. */
export interface HelpOptions {
  /** The command's name. */
  name: string;
  /** What it does. */
  summary: string;
  /** Whole command lines that work. */
  examples: readonly string[];
  /** Paragraphs that stand after the flags. */
  notes: readonly string[];
  /** The flags by typed name. */
  flags: ReadonlyMap<string, Flag<unknown>>;
  /** How many characters fit a line. @default {80} */
  columns?: number;
}

/** The heading of flags that belong to no group. */
const PLAIN_GROUP = "Flags";

/** A flag as the help tells it. */
interface Entry {
  name: string;
  text: string;
  group: string;
}

/** Lays out a command's help. */
export function helpText(options: HelpOptions): string {
  const { name, summary, examples, notes, flags, columns = 80 } = options;
  const entries: Entry[] = [...flags].map(([name, flag]) => ({
    name: usage(name, flag),
    text: tell(flag),
    group: flag.group ?? PLAIN_GROUP,
  }));
  entries.push({ name: "-h, --help", text: "Show this", group: PLAIN_GROUP });
  const indent = Math.max(...entries.map((entry) => entry.name.length)) + 4;
  const { [PLAIN_GROUP]: plain, ...groups } = Object.groupBy(entries, ({ group }) => group);
  const sections = [
    `${name}: ${summary}`,
    ...Object.entries({ [PLAIN_GROUP]: plain, ...groups }).map(([title, own]) =>
      [`${title}:`, ...own!.flatMap((entry) => entryLines(entry, indent, columns))].join("\n")
    ),
  ];
  sections.push(...notes.map((note) => wrap(note, columns).join("\n")));
  if (examples.length > 0) {
    sections.push(["Examples:", ...examples.map((line) => `  ${line}`)].join("\n"));
  }
  return sections.join("\n\n");
}

function entryLines({ name, text }: Entry, indent: number, columns: number): string[] {
  const [first, ...rest] = wrap(text, Math.max(columns - indent, 24));
  return [
    `  ${name.padEnd(indent - 2)}${first}`,
    ...rest.map((line) => " ".repeat(indent) + line),
  ];
}

function usage(name: string, flag: Flag<unknown>): string {
  if (flag.value === undefined) return flag.default === true ? `--no-${name}` : `--${name}`;
  return `--${name} <${flag.value}>`;
}

function tell(flag: Flag<unknown>): string {
  const standard = flag.standard ?? [flag.default].flat().join(", ");
  const notes = [
    flag.required ? "required" : "",
    flag.several ? "may be repeated" : "",
    // A switch's name says how it stands: `--no-x` is there where x holds without it.
    flag.value !== undefined && standard !== "" ? `default: ${standard}` : "",
  ].filter((note) => note !== "");
  return notes.length > 0 ? `${flag.summary} (${notes.join("; ")})` : flag.summary;
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1];
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
