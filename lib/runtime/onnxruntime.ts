import { UserError } from "../flow/user_error.ts";

type OnnxRuntime = typeof import("onnxruntime-node");

/** The package, at the version whose behaviour was looked at. */
export const PACKAGE = "npm:onnxruntime-node@1.30.0";

let loaded: Promise<OnnxRuntime> | undefined;

/** Loads onnxruntime-node when it is first needed; native code needs `--allow-ffi`. */
export function loadOnnxRuntime(): Promise<OnnxRuntime> {
  // A literal specifier would be downloaded by everybody who imports the package's root.
  const specifier: string = PACKAGE;
  loaded ??= import(specifier).then((module) => {
    const ort: OnnxRuntime = module.default ?? module;
    // Whatever it logs as an error it throws as well.
    ort.env.logLevel = "fatal";
    return ort;
  }, (error) => {
    throw new UserError("onnxruntime-node cannot be loaded", {
      hint: "run with --allow-ffi, on Linux, macOS or Windows (x64 or arm64)",
      cause: error,
    });
  });
  return loaded;
}
