/**
 * Models from the Hugging Face hub, or from another that answers as it does.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { RepositoryCache } from "./hub/cache.ts";
import { downloadFile, type HubFile } from "./hub/download.ts";
import { firstMissing, isWanted, type Wanted } from "./hub/files.ts";
import { HubClient, HubUnreachable } from "./hub/hub_client.ts";
import { exists } from "./json_file.ts";
import type { HubModel } from "./model_source.ts";

/** How far a download is. */
export interface DownloadProgress {
  /** The file that is being downloaded. */
  readonly file: string;
  /** Bytes that are there, of all files that are needed. */
  readonly bytes: number;
  /** Bytes of all files that are needed. */
  readonly totalBytes: number;
}

/** Where models are downloaded from and kept. */
export interface HubOptions {
  /** The hub. @default {the environment's HF_ENDPOINT, else https://huggingface.co} */
  hubUrl?: string;
  /** Shared with other libraries. @default {HF_HUB_CACHE, else ~/.cache/huggingface/hub} */
  cacheFolder?: string;
  /** Opens private and gated models. @default {the environment's HF_TOKEN} */
  token?: string;
  /** Takes what is in the cache and asks nobody. @default {whether HF_HUB_OFFLINE is 1} */
  offline?: boolean;
  /** Hears how far a download is. */
  onProgress?: (progress: DownloadProgress) => void;
}

/** What one download needs beside its options. */
export interface DownloadModelOptions extends HubOptions {
  /** Downloads the weights too. @default {true} */
  weights?: boolean;
  /** Stops the download; what is there is kept, and the next one goes on with it. */
  signal?: AbortSignal;
}

const COMMIT = /^[0-9a-f]{40}$/;

function environment(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

async function defaultCacheFolder(): Promise<string> {
  const { getHFHubCachePath } = await import("@huggingface/hub");
  return getHFHubCachePath();
}

async function commitOnHub(client: HubClient, revision: string): Promise<string> {
  // Loaded here, so that only who downloads waits for it.
  const { modelInfo } = await import("@huggingface/hub");
  const { id: name, url: hubUrl, fetch } = client;
  const info = await modelInfo({ name, hubUrl, fetch, revision, additionalFields: ["sha"] });
  return info.sha;
}

async function listWanted(client: HubClient, commit: string, wanted: Wanted): Promise<HubFile[]> {
  const { listFiles } = await import("@huggingface/hub");
  const { url: hubUrl, fetch } = client;
  const repo = { type: "model", name: client.id } as const;
  const recursive = wanted.file?.includes("/") ?? false;
  const files: HubFile[] = [];
  for await (const entry of listFiles({ repo, hubUrl, fetch, revision: commit, recursive })) {
    const { path, size, lfs, oid = "" } = entry;
    if (entry.type !== "file" || !isWanted(path, wanted)) continue;
    files.push({ path, size: lfs?.size ?? size, hash: lfs?.oid ?? oid });
  }
  return files;
}

function refuseEmpty(files: readonly HubFile[], { id }: HubModel, wanted: Wanted) {
  if (wanted.file !== undefined && files.length === 0) {
    throw new UserError(`The hub's model ${id} has no file ${wanted.file}`);
  }
  const has = (pattern: RegExp) => files.some(({ path }) => pattern.test(path));
  if (wanted.file !== undefined || (has(/^config\.json$/) && has(/^tokenizer\.json$/))) return;
  const missing = has(/^config\.json$/) ? "tokenizer.json" : "config.json";
  throw new UserError(`The hub's model ${id} has no ${missing}`, {
    hint: `If it has GGUF files, name one of them: ${id}/file.gguf`,
  });
}

/** Downloads the files of a snapshot that are not there yet; tells of nothing if all are. */
async function download(
  client: HubClient,
  cache: RepositoryCache,
  commit: string,
  files: readonly HubFile[],
  { onProgress, signal }: DownloadModelOptions,
) {
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  let tells = false;
  for (const file of files) {
    const blob = cache.blob(file.hash);
    const tell = (bytes: number) =>
      onProgress?.({ file: file.path, bytes: before + bytes, totalBytes });
    if (!await exists(`${cache.snapshot(commit)}/${file.path}`)) {
      using _ = await cache.lock(file.hash, signal);
      if (!await exists(blob)) {
        await Deno.mkdir(blob.slice(0, blob.lastIndexOf("/")), { recursive: true });
        tells = true;
        await downloadFile(client, commit, file, blob, { signal, onBytes: tell });
      }
      await cache.link(commit, file.path, file.hash);
    }
    if (tells) tell(file.size);
    before += file.size;
  }
}

/** The commit's snapshot, if the cache holds all of it that is wanted. */
async function fromCache(
  cache: RepositoryCache,
  { id, revision = "main" }: HubModel,
  wanted: Wanted,
  unreachable?: HubUnreachable,
): Promise<string> {
  const commit = COMMIT.test(revision) ? revision : await cache.commitOf(revision);
  const missing = commit && await firstMissing(cache.snapshot(commit), wanted);
  if (commit && missing === undefined) return commit;
  const reason = unreachable?.message ?? `${id} is not to be downloaded: HF_HUB_OFFLINE is set`;
  const lack = missing ? `the cache lacks ${missing}` : "nothing of it is in the cache";
  throw new UserError(`${reason}; ${lack}`, {
    cause: unreachable,
    hint: unreachable?.hint,
  });
}

/**
 * Downloads a model into the cache that all Hugging Face libraries share, or finds it there.
 *
 * Only what {@linkcode loadModel} reads is downloaded. A download that was stopped goes on where it
 * was; whole files are checked against the hub's hashes. Where the hub cannot be reached, what is in
 * the cache is taken.
 *
 * @returns The path of the folder, or of the file if one was named.
 * @throws {UserError} If there is no such model, it may not be read, or the hub cannot be reached
 * and the cache does not hold the model.
 *
 * @example Into a folder of one's own
 * ```ts ignore
 * import { downloadModel } from "@longpo/longpo/model";
 *
 * const folder = await downloadModel({ id: "HuggingFaceTB/SmolLM2-135M-Instruct" }, {
 *   cacheFolder: "models",
 *   onProgress: ({ file, bytes, totalBytes }) => console.log(file, bytes / totalBytes),
 * });
 * ```
 */
export async function downloadModel(
  model: HubModel,
  options: DownloadModelOptions = {},
): Promise<string> {
  const url = (options.hubUrl ?? environment("HF_ENDPOINT") ?? "https://huggingface.co")
    .replace(/\/+$/, "");
  const cache = new RepositoryCache(
    options.cacheFolder ?? await defaultCacheFolder(),
    model.id,
  );
  const { revision = "main", file } = model;
  const wanted: Wanted = { file, weights: options.weights ?? true };
  const offline = options.offline ?? environment("HF_HUB_OFFLINE") === "1";
  const token = options.token ?? environment("HF_TOKEN");
  const client = new HubClient({ url, id: model.id, token, signal: options.signal });
  const commit = offline ? await fromCache(cache, model, wanted) : await fromHub();
  return file === undefined ? cache.snapshot(commit) : `${cache.snapshot(commit)}/${file}`;

  async function fromHub(): Promise<string> {
    try {
      const commit = COMMIT.test(revision) ? revision : await commitOnHub(client, revision);
      const files = await listWanted(client, commit, wanted);
      refuseEmpty(files, model, wanted);
      await download(client, cache, commit, files, options);
      if (commit !== revision) await cache.remember(revision, commit);
      return commit;
    } catch (error) {
      if (!(error instanceof HubUnreachable)) throw error;
      return await fromCache(cache, model, wanted, error);
    }
  }
}
