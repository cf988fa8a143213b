import { loadOnnxRuntime, PACKAGE } from "../onnxruntime.ts";
import { type CApi, cString, type Handle, made, openCApi } from "./c_api.ts";
import { LOG_SEVERITY } from "../backend.ts";
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

const FILES: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libonnxruntime.so.1",
  darwin: "libonnxruntime.1.dylib",
  windows: "onnxruntime.dll",
};

/** Folders are named as Node.js names systems. */
const SYSTEMS: Partial<Record<typeof Deno.build.os, string>> = { windows: "win32" };

/** Where the package keeps the library for this system. */
function libraryPath(): string {
  const { os, arch } = Deno.build;
  const file = FILES[os];
  if (!file) throw new Error(`onnxruntime-node has no library for ${os}`);
  const folder = `${SYSTEMS[os] ?? os}/${arch === "x86_64" ? "x64" : "arm64"}`;
  const { pathname } = new URL(`../bin/napi-v6/${folder}/${file}`, import.meta.resolve(PACKAGE));
  const path = decodeURIComponent(pathname);
  return os === "windows" ? path.slice(1) : path;
}

async function open(): Promise<Library | NoLibrary> {
  // The package's addon pins the library in memory: freeing a worker must not unload running code.
  await loadOnnxRuntime();
  try {
    const api = openCApi(libraryPath());
    const allocator = made((out) => api.GetAllocatorWithDefaultOptions(out));
    const environment = made((out) => api.CreateEnv(LOG_SEVERITY, cString("longpo"), out));
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
