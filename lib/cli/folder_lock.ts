/**
 * One run a folder: two that write the same files would spoil both.
 *
 * @module
 */

import { UserError, whileWriting } from "../flow/mod.ts";

/** The file that is locked; the system lets go of it when the program ends, however it does. */
export const LOCK_FILE = ".lock";

/** Kept open, since a lock goes with its file. */
const held = new Map<string, Deno.FsFile>();

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
    throw new UserError(`Another run is at work in ${folder}`, {
      hint: "Wait for it to end, or choose another --out",
    });
  }
  held.set(path, file);
}
