/**
 * Files that results go to.
 *
 * @module
 */

import { UserError, whileWriting } from "../flow/mod.ts";

/**
 * Refuses a file that could not be written, before any work for it is done.
 *
 * @throws {UserError} If it is a folder, or if its folder is missing or may not be written.
 */
export async function checkOutputFile(path: string): Promise<void> {
  const isFolder = await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
  if (isFolder) {
    throw new UserError(`Cannot write ${path}: it is a folder`, { hint: "Name a file in it" });
  }
  const part = `${path}.part`;
  await whileWriting(path, Deno.writeTextFile(part, ""));
  await Deno.remove(part);
}
