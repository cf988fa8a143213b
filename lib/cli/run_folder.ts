/**
 * The folder of a run: what it was told, so that it can be gone on with and nothing else.
 *
 * @module
 */

import { readTextIfThere, UserError, whileWriting } from "../flow/mod.ts";
import { LOCK_FILE, lockFolder, refuseLocked } from "./folder_lock.ts";

/** Everything that a run was told. */
export type Settings = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

const SETTINGS = "run.json";
const REPORT = "report.json";

/**
 * Parsed JSON of a file; `undefined` where there is none.
 *
 * @throws {UserError} If the file holds something else.
 */
export async function readJsonIfThere<T>(path: string): Promise<T | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${path} is not JSON`, { cause, hint: "Remove it, or the whole folder" });
  }
}

/** Writes JSON beside the path, then renames it. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeText(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Writes a text beside the path, then renames it.
 *
 * @throws {UserError} If it cannot be written.
 */
export async function writeText(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  const write = async () => {
    await Deno.writeTextFile(part, text);
    await Deno.rename(part, path);
  };
  try {
    await whileWriting(path, write());
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}

/** Whether anything was done that is worth keeping: graphs are built in no time. */
async function holdsWork(folder: string): Promise<boolean> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name === SETTINGS || name === "artifacts") continue;
    const { isDirectory, size } = await Deno.stat(`${folder}/${name}`);
    // Not every file system gives a directory a size.
    if (isDirectory || size > 0) return true;
  }
  return false;
}

/** Refuses what is no folder and cannot become one. */
async function refuseFile(folder: string): Promise<void> {
  try {
    if ((await Deno.stat(folder)).isDirectory) return;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.NotADirectory)) throw error;
  }
  throw new UserError(
    `${folder} is no folder and cannot become one: there is a file in its place`,
    {
      hint: "Choose another --out",
    },
  );
}

/** What may become of the run in a folder. */
export interface RunFolderOptions {
  /** Replaces a run that is finished or was told other things. @default {false} */
  overwrite?: boolean;
}

/** What a folder holds, seen from a run. */
type Contents =
  | "nothing"
  | "this run"
  | "a finished run"
  | "a run that was told other things"
  | "a report.json that is of no run";

/** What a folder holds, seen from a run with these settings. */
async function contentsOf(folder: string, settings: Settings): Promise<Contents> {
  const before = await readJsonIfThere(`${folder}/${SETTINGS}`);
  const isFinished = await readTextIfThere(`${folder}/${REPORT}`) !== undefined;
  if (before === undefined) return isFinished ? "a report.json that is of no run" : "nothing";
  if (isFinished) return "a finished run";
  if (!await holdsWork(folder)) return "nothing";
  const same = JSON.stringify(before) === JSON.stringify(settings);
  return same ? "this run" : "a run that was told other things";
}

/**
 * Refuses a folder before any work for it is done.
 *
 * @throws {UserError} If another run is at work in the folder; if it holds a finished run, or one
 * that was told other things, and is not to be overwritten; if it has a report that no run wrote,
 * which is never removed; or if it is a file.
 */
export async function checkRunFolder(
  folder: string,
  settings: Settings,
  { overwrite = false }: RunFolderOptions = {},
): Promise<void> {
  await refuseFile(folder);
  await refuseLocked(folder);
  const contents = await contentsOf(folder, settings);
  if (contents === "nothing" || contents === "this run") return;
  const isForeign = contents === "a report.json that is of no run";
  if (overwrite && !isForeign) return;
  throw new UserError(`${folder} holds ${contents}`, {
    hint: isForeign
      ? "Choose another --out"
      : "Choose another --out, or give --overwrite to replace it",
  });
}

/** Removes what a folder holds, all but its lock. */
async function empty(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (name !== LOCK_FILE) await Deno.remove(`${folder}/${name}`, { recursive: true });
  }
}

/**
 * Makes a run's folder, or takes up the unfinished run in it; what it holds else is removed where it
 * may be overwritten.
 *
 * @returns Whether there is something to go on from.
 * @throws {UserError} As {@linkcode checkRunFolder}, or if the folder cannot be written.
 */
export async function openRunFolder(
  folder: string,
  settings: Settings,
  options: RunFolderOptions = {},
): Promise<boolean> {
  await checkRunFolder(folder, settings, options);
  const contents = await contentsOf(folder, settings);
  await whileWriting(folder, Deno.mkdir(folder, { recursive: true }));
  await lockFolder(folder);
  if (contents === "this run") return true;
  if (contents !== "nothing") await empty(folder);
  await writeJson(`${folder}/${SETTINGS}`, settings);
  return false;
}
