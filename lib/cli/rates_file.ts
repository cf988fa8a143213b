/**
 * A machine's rates, measured once and kept in a file.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";
import { parseRates, type Rates } from "../train/mod.ts";
import { type Flag, string } from "./flag.ts";
import { readJsonIfThere } from "./run_folder.ts";

/** The flag that names the file. */
export const ratesFlag: Flag<string | undefined> = string({
  summary: "The machine's rates, as plan.ts --calibrate writes them: compares steps with the plan",
  value: "file",
});

/**
 * Rates that were kept; none where no file is named.
 *
 * @throws {UserError} If there is no such file, or it holds something else.
 */
export async function readRates(path: string | undefined): Promise<Rates | undefined> {
  if (path === undefined) return undefined;
  const value = await readJsonIfThere(path);
  if (value !== undefined) return parseRates(value, path);
  throw new UserError(`There are no rates in ${path}`, {
    hint: `Have them measured: pipelines/plan.ts --calibrate --rates ${path}`,
  });
}
