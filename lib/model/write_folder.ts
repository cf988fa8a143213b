/**
 * Folders that are there as a whole or not at all.
 *
 * @module
 */

import { UserError, whileWriting } from "../flow/mod.ts";
import { exists } from "./json_file.ts";

/** What may become of a folder that is there already. */
export interface WriteFolderOptions {
  /** Replaces a folder that is there already. @default {false} */
  overwrite?: boolean;
}

async function removeIfThere(path: string) {
  if (await exists(path)) await Deno.remove(path, { recursive: true });
}

/** Puts `part` in the place of `folder`, which is gone only once `part` is there. */
async function moveInto(part: string, folder: string) {
  const old = `${folder}.old`;
  const replaces = await exists(folder);
  if (replaces) {
    await removeIfThere(old);
    await Deno.rename(folder, old);
  }
  await Deno.rename(part, folder);
  if (replaces) await Deno.remove(old, { recursive: true });
}

/**
 * Throws if a model cannot be saved to `folder`; worth asking before hours of training.
 *
 * @throws {UserError} If the folder exists and is not to be overwritten.
 */
export async function checkSaveFolder(folder: string, overwrite = false): Promise<void> {
  if (overwrite || !await exists(folder)) return;
  throw new UserError(`${folder} exists already`, {
    hint: "Name another folder, remove this one, or allow it to be overwritten",
  });
}

/**
 * Writes a folder beside its place first: `fill` fills `folder` with `.part` behind it, which
 * becomes `folder` once it is whole.
 *
 * @throws {UserError} If the folder exists and is not to be overwritten, or cannot be written.
 */
export async function writeFolder(
  folder: string,
  fill: (part: string) => Promise<void>,
  { overwrite }: WriteFolderOptions = {},
): Promise<void> {
  folder = folder.replace(/\/+$/, "");
  await checkSaveFolder(folder, overwrite);
  const part = `${folder}.part`;
  await removeIfThere(part);
  try {
    await whileWriting(folder, Deno.mkdir(part, { recursive: true }));
    await whileWriting(folder, fill(part));
    await whileWriting(folder, moveInto(part, folder));
  } catch (error) {
    await removeIfThere(part);
    throw error;
  }
}
