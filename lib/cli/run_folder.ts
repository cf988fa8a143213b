/**
 * The folder of a run: what it was told, so that it can be gone on with and nothing else.
 *
 * @module
 */

import { UserError, whileWriting } from "../flow/mod.ts";

/** Everything that a run was told. */
export type Settings = Readonly<Record<string, string | number | boolean | undefined>>;

const SETTINGS = "run.json";
const REPORT = "report.json";

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Parsed JSON of a file; `undefined` where there is none. */
export async function readJsonIfThere<T>(path: string): Promise<T | undefined> {
  const text = await readIfThere(path);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Writes JSON beside the path, then renames it. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const part = `${path}.part`;
  const write = async () => {
    await Deno.writeTextFile(part, `${JSON.stringify(value, null, 2)}\n`);
    await Deno.rename(part, path);
  };
  try {
    await whileWriting(path, write());
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}

/**
 * Makes a run's folder, or takes up the unfinished run in it.
 *
 * @param overwrite Removes a run that is finished or was told other things.
 * @returns Whether there is something to go on from.
 * @throws {UserError} If the folder holds a finished run, or one that was told other things.
 */
export async function openRunFolder(
  folder: string,
  settings: Settings,
  { overwrite = false }: { overwrite?: boolean } = {},
): Promise<boolean> {
  const told = JSON.stringify(settings);
  const before = await readIfThere(`${folder}/${SETTINGS}`);
  const same = before !== undefined && JSON.stringify(JSON.parse(before)) === told;
  const finished = await readIfThere(`${folder}/${REPORT}`) !== undefined;
  if (same && !finished) return true;
  if (before !== undefined || finished) {
    if (!overwrite) {
      const which = finished ? "a finished run" : "a run that was told other things";
      throw new UserError(`${folder} holds ${which}`, {
        hint: "choose another --out, or give --overwrite to replace it",
      });
    }
    await Deno.remove(folder, { recursive: true });
  }
  await Deno.mkdir(folder, { recursive: true });
  await writeJson(`${folder}/${SETTINGS}`, settings);
  return false;
}
