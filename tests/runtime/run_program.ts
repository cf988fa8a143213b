import { fileURLToPath } from "node:url";

/** How a program in `programs/` is run. */
interface ProgramOptions {
  args?: string[];
  /** @default {["--allow-ffi"]} */
  permissions?: string[];
  env?: Record<string, string>;
}

/** Runs a program to its end. */
export async function runProgram(
  name: string,
  { args = [], permissions = ["--allow-ffi"], env }: ProgramOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const path = fileURLToPath(new URL(`./programs/${name}`, import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, path, ...args],
    env: { NO_COLOR: "1", ...env },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}
