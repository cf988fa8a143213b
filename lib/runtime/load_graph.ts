import { UserError } from "../flow/user_error.ts";
import type { BackendName, LoadedGraph, LoadOptions } from "./backend.ts";
import { BindingGraph } from "./binding_graph.ts";
import { loadLibrary } from "./ffi/library.ts";
import { NativeGraph } from "./ffi/native_graph.ts";

const VARIABLE = "LONGPO_BACKEND";

/** What the environment asks for, where reading it needs no question to a person. */
function fromEnvironment(): BackendName | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: VARIABLE });
  const asked = state === "granted" ? Deno.env.get(VARIABLE) : undefined;
  if (!asked) return undefined;
  if (asked === "ffi" || asked === "binding") return asked;
  throw new UserError(`${VARIABLE} is ${JSON.stringify(asked)}`, { hint: "use ffi or binding" });
}

/**
 * Makes a model ready by the backend that was asked for, or the best that there is.
 *
 * @throws {UserError} If the backend that was asked for cannot be used.
 */
export async function loadGraph(
  model: Uint8Array,
  { backend, ...options }: LoadOptions & { backend?: BackendName },
): Promise<LoadedGraph> {
  if (backend === "ffi" && options.device !== "cpu") {
    throw new UserError(`The backend ffi cannot run on ${options.device}`, {
      hint: "leave the backend out, or choose binding",
    });
  }
  const wanted = options.device === "cpu" ? backend ?? fromEnvironment() : "binding";
  if (wanted === "binding") return await BindingGraph.load(model, options);
  const library = await loadLibrary();
  if ("trouble" in library) {
    if (wanted !== "ffi") return await BindingGraph.load(model, options);
    throw new UserError(`The backend ffi cannot be used here: ${library.trouble}`, {
      hint: "leave the backend out, or choose binding",
    });
  }
  return await NativeGraph.load(library, model, options);
}
