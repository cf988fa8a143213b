import { PACKAGE } from "../onnxruntime.ts";

const FILES: Partial<Record<typeof Deno.build.os, string>> = {
  linux: "libonnxruntime.so.1",
  darwin: "libonnxruntime.1.dylib",
  windows: "onnxruntime.dll",
};

/** Folders are named as Node.js names systems. */
const SYSTEMS: Partial<Record<typeof Deno.build.os, string>> = { windows: "win32" };

/**
 * Where the package keeps the library for this system.
 *
 * @throws {Error} If it has none, or if it was not loaded before.
 */
export function libraryPath(): string {
  const { os, arch } = Deno.build;
  const file = FILES[os];
  if (!file) throw new Error(`onnxruntime-node has no library for ${os}`);
  const folder = `${SYSTEMS[os] ?? os}/${arch === "x86_64" ? "x64" : "arm64"}`;
  const { pathname } = new URL(`../bin/napi-v6/${folder}/${file}`, import.meta.resolve(PACKAGE));
  const path = decodeURIComponent(pathname);
  return os === "windows" ? path.slice(1) : path;
}
