/**
 * Pipelines as a person starts them: a process with arguments, standard streams and an exit code.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";

/** The project's root, from which pipelines are started. */
export const ROOT: string = fileURLToPath(new URL("../../..", import.meta.url));

/** What a process has said, and how it ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** A short recipe for {@linkcode writeTinyModel}, whose questions come with the documents. */
export const PAIRS: readonly string[] = [
  ...["--device", "cpu", "--threads", "1", "--compress", "retrieve"],
  ...["--short-tokens", "40", "--long-tokens", "200", "--turns", "2", "--max-tokens", "6"],
];

/** What training needs of it. */
export const TRAINING: readonly string[] = ["--device", "cpu", "--threads", "1"];

/** The arguments of deno for a pipeline. */
export function denoArguments(name: string, flags: readonly string[]): string[] {
  return ["run", "--quiet", "--no-prompt", "--no-check", "-A", `pipelines/${name}.ts`, ...flags];
}

/** Starts a pipeline. */
export function start(
  name: string,
  flags: readonly string[],
  stdin: "null" | "piped" = "null",
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: denoArguments(name, flags),
    cwd: ROOT,
    stdin,
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
}

/** Runs a pipeline to its end. */
export async function run(name: string, ...flags: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await start(name, flags).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Runs a pipeline that must do what it was asked for. */
export async function succeed(name: string, ...flags: string[]): Promise<Ended> {
  const ended = await run(name, ...flags);
  assertEquals(ended.code, 0, ended.stderr);
  return ended;
}

/**
 * Runs a pipeline that must refuse what it was asked for, in words that a person can act on: each of
 * `says` among them, and no stack trace.
 */
export async function fail(
  name: string,
  flags: readonly string[],
  says: readonly string[],
  code = 1,
): Promise<Ended> {
  const ended = await run(name, ...flags);
  assertEquals(ended.code, code, ended.stderr);
  assertPlain(ended.stderr);
  assertStringIncludes(ended.stderr, "error: ");
  for (const words of says) assertStringIncludes(ended.stderr, words);
  return ended;
}

/** Standard error is for a person: no stack trace, and nothing that looks like a defect. */
export function assertPlain(stderr: string): void {
  assert(!/^ {4}at /m.test(stderr) && !stderr.includes("defect of the program"), stderr);
}

/** A folder that is gone after the test. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "longpo" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Every file below a folder, sorted. */
export async function filesOf(folder: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${below}`)) {
    if (isDirectory) found.push(...await filesOf(folder, `${below}${name}/`));
    else found.push(below + name);
  }
  return found.sort();
}

/** Whether there is a file or folder of this name. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
