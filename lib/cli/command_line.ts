/**
 * The command that started a program, for those who want to give it again.
 *
 * @module
 */

/** A word as a shell takes it: quoted where it holds more than letters that mean themselves. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * The command line of a pipeline.
 *
 * @param program The pipeline's name, such as `longpo`.
 * @param args Its flags. @default {those of this process}
 */
export function commandLine(program: string, args: readonly string[] = Deno.args): string {
  return [`deno run -A pipelines/${program}.ts`, ...args.map(quoted)].join(" ");
}
