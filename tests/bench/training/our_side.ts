import type { Figures } from "./figures.ts";
import { type FlagValues, runJson } from "./fresh_process.ts";

const SCRIPT = new URL("./one_step.ts", import.meta.url).pathname;

/** One measured step of this package; the flags are those of `one_step.ts`. */
export function ourStep(flags: FlagValues, signal: AbortSignal): Promise<Figures> {
  return runJson({ path: Deno.execPath(), args: ["run", "--allow-all", SCRIPT], flags }, signal);
}
