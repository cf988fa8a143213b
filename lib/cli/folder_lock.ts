/**
 * One run a folder: two that write the same files would spoil both.
 *
 * @module
 */

import { isMissing, UserError, whileWriting } from "../flow/mod.ts";

/** The file that is locked; the system lets go of it when the program ends, however it does. */
export const LOCK_FILE = ".lock";

/** Kept open, since a lock goes with its file. */
const held = new Map<string, Deno.FsFile>();

/**
 * Refuses a folder in which another program is at work.
 *
 * @throws {UserError} If there is one.
 */
export async function refuseLocked(folder: string): Promise<void> {
  const path = `${folder}/${LOCK_FILE}`;
  try {
    if (held.has(await Deno.realPath(path))) return;
    using file = await Deno.open(path, { write: true });
    if (await file.tryLock(true)) return;
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  throw atWork(folder);
}

function atWork(folder: string): UserError {
  return new UserError(`Another run is at work in ${folder}`, {
    hint: "Wait for it to end, or choose another --out",
  });
}

/**
 * Keeps a folder for this program until it ends.
 *
 * @throws {UserError} If another program has it.
 */
export async function lockFolder(folder: string): Promise<void> {
  const path = `${await Deno.realPath(folder)}/${LOCK_FILE}`;
  if (held.has(path)) return;
  const file = await whileWriting(path, Deno.open(path, { create: true, write: true }));
  if (!await file.tryLock(true)) {
    file.close();
    throw atWork(folder);
  }
  held.set(path, file);
}
