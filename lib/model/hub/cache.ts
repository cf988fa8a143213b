/**
 * The cache of downloads that all Hugging Face libraries share.
 *
 *     models--organisation--name/
 *       blobs/<hash>                      a file's bytes
 *       snapshots/<commit>/<file>         a link to them
 *       refs/<revision>                   the commit that a branch or tag was at
 *
 * @module
 */

import { readTextIfThere } from "../../flow/mod.ts";
import { exists } from "../json_file.ts";

/** The folder above a file. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** The cached files of one repository. */
export class RepositoryCache {
  readonly #root: string;
  readonly #folder: string;

  /**
   * Nothing is made on disk yet.
   *
   * @param root The cache's folder.
   * @param id `organisation/name`
   */
  constructor(root: string, id: string) {
    this.#root = root;
    this.#folder = `models--${id.replaceAll("/", "--")}`;
  }

  /** The folder of a commit's files. */
  snapshot(commit: string): string {
    return `${this.#root}/${this.#folder}/snapshots/${commit}`;
  }

  /** Where the bytes of this hash are kept. */
  blob(hash: string): string {
    return `${this.#root}/${this.#folder}/blobs/${hash}`;
  }

  /** The commit that a branch or tag was at when it was last asked for. */
  async commitOf(revision: string): Promise<string | undefined> {
    return (await readTextIfThere(this.#ref(revision)))?.trim();
  }

  /** Remembers where a branch or tag is. */
  async remember(revision: string, commit: string): Promise<void> {
    const ref = this.#ref(revision);
    await Deno.mkdir(folderOf(ref), { recursive: true });
    await Deno.writeTextFile(ref, commit);
  }

  /** Shows bytes that are there as a commit's file. */
  async link(commit: string, file: string, hash: string): Promise<void> {
    const path = `${this.snapshot(commit)}/${file}`;
    if (await exists(path)) return;
    await Deno.mkdir(folderOf(path), { recursive: true });
    const up = "../".repeat(file.split("/").length + 1);
    try {
      await Deno.symlink(`${up}blobs/${hash}`, path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return;
      // Not every system lets everyone make links.
      await Deno.copyFile(this.blob(hash), path);
    }
  }

  /** Keeps other programs from writing the same bytes, until it is disposed of. */
  async lock(hash: string, signal?: AbortSignal): Promise<Disposable> {
    const path = `${this.#root}/.locks/${this.#folder}/${hash}.lock`;
    await Deno.mkdir(folderOf(path), { recursive: true });
    const file = await Deno.open(path, { write: true, create: true });
    try {
      while (!await file.tryLock(true)) {
        signal?.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      }
    } catch (error) {
      file.close();
      throw error;
    }
    return { [Symbol.dispose]: () => file.close() };
  }

  #ref(revision: string): string {
    return `${this.#root}/${this.#folder}/refs/${revision}`;
  }
}

const LOOK_AGAIN_MS = 200;
