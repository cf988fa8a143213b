/**
 * The model that a flag names, and the download it may take.
 *
 * @module
 */

import {
  type DownloadProgress,
  loadAdapter,
  loadModel,
  type LoadModelOptions,
  type Model,
  withAdapter,
} from "../model/mod.ts";
import type { ChatOptions } from "./chat_flags.ts";
import { type Progress, progress, type ProgressOptions } from "./progress.ts";

const MEGABYTE = 1e6;

/** A download that is shown; disposing of it ends the showing. */
export interface ShownDownload extends Disposable {
  /** Hears how far the download is. */
  tell(progress: DownloadProgress): void;
}

/** Shows a download in megabytes, from its first bytes on. */
export function showDownload(options: Partial<ProgressOptions> = {}): ShownDownload {
  let shown: Progress | undefined;
  let done = 0;
  return {
    tell({ file, bytes, totalBytes }) {
      const total = Math.ceil(totalBytes / MEGABYTE);
      shown ??= progress({ label: "download, MB", total, ...options });
      const megabytes = bytes === totalBytes ? total : Math.floor(bytes / MEGABYTE);
      shown.advance(megabytes - done, file);
      done = megabytes;
    },
    [Symbol.dispose]: () => shown?.finish(),
  };
}

/** How a model is opened. */
export interface OpenModelOptions extends ChatOptions, Pick<LoadModelOptions, "signal" | "dtype"> {
  /** Folder of an adapter that is merged into it. @default {none} */
  adapter?: string;
}

/**
 * Loads the model that `--model` names: a folder, a GGUF file, or a model on the hub.
 *
 * @throws {UserError} As `loadModel` and `loadAdapter`.
 */
export async function openModel(
  model: string,
  { adapter, ...options }: OpenModelOptions = {},
): Promise<Model> {
  using download = showDownload();
  const loaded = await loadModel(model, { ...options, hub: { onProgress: download.tell } });
  if (adapter === undefined) return loaded;
  return withAdapter(loaded, await loadAdapter(adapter, loaded.config));
}
