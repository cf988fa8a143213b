import { loadOnnxRuntime } from "../onnxruntime.ts";
import { shareArena } from "./arena.ts";
import { type CApi, cString, type Handle, made, openCApi } from "./c_api.ts";
import { LOG_SEVERITY } from "../backend.ts";
import { libraryPath } from "./library_path.ts";
import { TensorValues } from "./tensor_values.ts";

/** The runtime's library in this process. */
export interface Library {
  readonly api: CApi;
  /** What all sessions share; it lives as long as the process. */
  readonly environment: Handle;
  /** The allocator that names come from. */
  readonly allocator: Handle;
  readonly values: TensorValues;
}

/** Why the library cannot be called. */
export interface NoLibrary {
  readonly trouble: string;
}

async function open(): Promise<Library | NoLibrary> {
  // The package's addon pins the library in memory: freeing a worker must not unload running code.
  await loadOnnxRuntime();
  try {
    const api = openCApi(libraryPath());
    const allocator = made((out) => api.GetAllocatorWithDefaultOptions(out));
    const environment = made((out) => api.CreateEnv(LOG_SEVERITY, cString("longpo"), out));
    shareArena(api, environment);
    return { api, allocator, environment, values: new TensorValues(api) };
  } catch (error) {
    return { trouble: error instanceof Error ? error.message : String(error) };
  }
}

let opened: Promise<Library | NoLibrary> | undefined;

/** Opens the library that onnxruntime-node brings along, once. */
export function loadLibrary(): Promise<Library | NoLibrary> {
  return opened ??= open();
}
