/**
 * Downloads a file, and goes on where an earlier download was stopped.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import { UserError } from "../../flow/mod.ts";
import type { HubClient } from "./hub_client.ts";

/** A file of a repository, as the hub lists it. */
export interface HubFile {
  /** Its path in the repository. */
  path: string;
  /** Bytes. */
  size: number;
  /** Names the bytes: SHA-256 of large files, of others git's own hash. */
  hash: string;
}

/** The hash that the hub gives a file of this kind. */
function hashOf({ hash, size }: HubFile): Hash {
  const isLarge = hash.length === 64;
  return isLarge ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}

async function hashFile(path: string, file: HubFile, signal?: AbortSignal): Promise<string> {
  const hash = hashOf(file);
  const { readable } = await Deno.open(path);
  for await (const chunk of readable) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest("hex");
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** Adds to `part` what comes of one request; a connection that breaks ends it early. */
async function addTo(part: string, from: number, response: Response, got: (bytes: number) => void) {
  const isRest = response.status === 206;
  const file = await Deno.open(part, { write: true, create: true, truncate: !isRest });
  try {
    if (isRest) await file.seek(from, Deno.SeekMode.Start);
    let at = isRest ? from : 0;
    for await (const chunk of response.body ?? []) {
      for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
      at += chunk.length;
      got(at);
    }
  } finally {
    file.close();
  }
}

/** How a file is downloaded. */
export interface DownloadOptions {
  /** Stops the download; what is there is kept. */
  signal?: AbortSignal;
  /** Hears how many of the file's bytes are there. */
  onBytes?: (bytes: number) => void;
}

/** Asks for the rest of a file for as long as each request brings some of it. */
async function fetchWhole(
  client: HubClient,
  url: string,
  file: HubFile,
  part: string,
  { signal, onBytes = () => {} }: DownloadOptions,
) {
  for (let size = await sizeOf(part); size !== file.size;) {
    const from = size < file.size ? size : 0;
    const headers: HeadersInit = from > 0 ? { Range: `bytes=${from}-` } : {};
    const response = await client.fetch(url, { headers });
    let broken: unknown;
    try {
      await addTo(part, from, response, onBytes);
    } catch (error) {
      signal?.throwIfAborted();
      broken = error;
    }
    const before = size;
    size = await sizeOf(part);
    if (size === file.size || (size > before && size < file.size)) continue;
    throw new UserError(`${file.path} of ${client.id} came to ${size} bytes of ${file.size}`, {
      cause: broken,
      hint: "Run the same again: it goes on where it stopped",
    });
  }
}

/**
 * Downloads a file to `path`, which is there once it is whole and its hash is the hub's.
 *
 * Until then the bytes are beside it, in `path` with `.incomplete` behind it: another call goes on
 * from there.
 *
 * @throws {UserError} If the hub refuses, the connection breaks for good, or the bytes are wrong.
 */
export async function downloadFile(
  client: HubClient,
  commit: string,
  file: HubFile,
  path: string,
  options: DownloadOptions = {},
): Promise<void> {
  const part = `${path}.incomplete`;
  const name = file.path.split("/").map(encodeURIComponent).join("/");
  const url = `${client.url}/${client.id}/resolve/${commit}/${name}`;
  if (file.size === 0) await Deno.writeFile(part, new Uint8Array());
  await fetchWhole(client, url, file, part, options);
  if (await hashFile(part, file, options.signal) !== file.hash) {
    await Deno.remove(part);
    throw new UserError(`${file.path} of ${client.id} came damaged: its hash is not the hub's`, {
      hint: "Run the same again: it is downloaded from its beginning",
    });
  }
  await Deno.rename(part, path);
}
