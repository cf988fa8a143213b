/**
 * Reads keys of a config.json, with errors that name file, key and value.
 *
 * @module
 */

import { UserError } from "../flow/mod.ts";

/** A parsed JSON object. */
export type JsonObject = Record<string, unknown>;

/** Whether a parsed JSON value is an object: not null, not a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A config.json, asked key by key. */
export class ConfigReader {
  /** The parsed file. */
  readonly raw: Readonly<JsonObject>;
  /** Names the file in errors. */
  readonly path: string;

  /**
   * A reader of a parsed file.
   *
   * @param raw The parsed file.
   * @param path Names the file in errors.
   */
  constructor(raw: Readonly<JsonObject>, path: string) {
    this.raw = raw;
    this.path = path;
  }

  /** The error for a value that nothing here computes. */
  unsupported(key: string, hint?: string): UserError {
    const value = JSON.stringify(this.raw[key]);
    return new UserError(`${this.path}: "${key}" is ${value}, which is not supported`, { hint });
  }

  /** Throws unless the key is absent, null or one of `allowed`. */
  expect(key: string, ...allowed: readonly unknown[]): void {
    const value = this.raw[key];
    if (value === undefined || value === null || allowed.includes(value)) return;
    const supported = allowed.map((value) => JSON.stringify(value)).join(" or ");
    throw this.unsupported(key, `Supported is ${supported || "only a model without it"}`);
  }

  /** A number above zero; `fallback` where the key is absent or null. */
  positive(key: string, fallback?: number): number {
    const value = this.raw[key] ?? fallback;
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
    throw this.#wrong(key, "a number above 0");
  }

  /** A whole number above zero; `fallback` where the key is absent or null. */
  size(key: string, fallback?: number): number {
    const value = this.raw[key] ?? fallback;
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
    throw this.#wrong(key, "a whole number above 0");
  }

  /** True or false; `fallback` where the key is absent or null. */
  flag(key: string, fallback: boolean): boolean {
    const value = this.raw[key] ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.#wrong(key, "true or false");
  }

  #wrong(key: string, wanted: string): UserError {
    const found = key in this.raw ? `is ${JSON.stringify(this.raw[key])}` : "is missing";
    return new UserError(`${this.path}: "${key}" ${found}; it must be ${wanted}`);
  }
}
