import { isMissing, UserError } from "../flow/mod.ts";

/** A file to read documents from. */
export interface DocumentFile {
  /** Where it is. */
  path: string;
  /** Its path below the folder that was given, or its base name. */
  name: string;
}

/**
 * The files that paths name: a file itself, or all files of a folder and its subfolders that have
 * one of the extensions, sorted by name. Hidden files and linked folders are left out.
 *
 * @throws {UserError} If there is no such file, or no document in a folder.
 */
export async function* documentFiles(
  path: string,
  hasReader: (name: string) => boolean,
): AsyncGenerator<DocumentFile> {
  const info = await stat(path);
  if (!info.isDirectory) {
    yield { path, name: path.slice(path.lastIndexOf("/") + 1) };
    return;
  }
  const root = path.replace(/\/+$/, "");
  let found = 0;
  for await (const name of filesBelow(root)) {
    if (!hasReader(name)) continue;
    found++;
    yield { path: `${root}/${name}`, name };
  }
  if (found === 0) throw new UserError(`There is no document in the folder ${path}`);
}

async function stat(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new UserError(`There is no file or folder ${path}`, { cause });
  }
}

async function* filesBelow(root: string, below = ""): AsyncGenerator<string> {
  const entries = await Array.fromAsync(Deno.readDir(`${root}/${below}`));
  for (const { name, isDirectory } of entries.sort(byName)) {
    if (name.startsWith(".")) continue;
    if (isDirectory) yield* filesBelow(root, `${below}${name}/`);
    else yield below + name;
  }
}

/** By code units, so that the order is the same on every machine. */
function byName(one: Deno.DirEntry, other: Deno.DirEntry): number {
  return one.name < other.name ? -1 : 1;
}
