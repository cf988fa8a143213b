/**
 * The JSON files of a model folder.
 *
 * @module
 */

import { readTextIfThere, UserError } from "../flow/mod.ts";
import { isJsonObject, type JsonObject } from "./config_reader.ts";

/** Whether there is a file or folder of this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * A JSON object from a file, or undefined where there is no file.
 *
 * @throws {UserError} If the file holds anything else; the message names it.
 */
export async function readJsonIfThere(path: string): Promise<JsonObject | undefined> {
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isJsonObject(parsed)) throw new UserError(`${path} holds no JSON object`);
  return parsed;
}

/**
 * A JSON object from a file.
 *
 * @throws {UserError} If the file is missing or holds anything else; the message names it.
 */
export async function readJson(path: string, hint?: string): Promise<JsonObject> {
  const parsed = await readJsonIfThere(path);
  if (parsed === undefined) throw new UserError(`There is no file ${path}`, { hint });
  return parsed;
}
