/**
 * What a GGUF file says about its model.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import { ConfigReader, type JsonObject } from "../config_reader.ts";

/** The metadata of a GGUF file, asked key by key. */
export class GgufMetadata extends ConfigReader {
  /** A text; undefined where the key is absent. */
  text(key: string): string | undefined {
    const value = this.raw[key];
    if (value === undefined || typeof value === "string") return value;
    throw this.#wrong(key, "a text");
  }

  /** A token's id; undefined where the key is absent. */
  tokenId(key: string): number | undefined {
    const value = this.raw[key];
    if (value === undefined) return undefined;
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw this.#wrong(key, "a token's id");
  }

  /** A list of texts; undefined where the key is absent. */
  texts(key: string): readonly string[] | undefined {
    const value = this.raw[key];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw this.#wrong(key, "a list of texts");
  }

  /** A list of numbers; undefined where the key is absent. */
  numbers(key: string): readonly number[] | undefined {
    const value = this.raw[key];
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value;
    throw this.#wrong(key, "a list of numbers");
  }

  #wrong(key: string, wanted: string): UserError {
    const value = JSON.stringify(this.raw[key]).slice(0, 40);
    return new UserError(`${this.path}: "${key}" is ${value}; it must be ${wanted}`);
  }
}

/** Whole numbers of 64 bits as the numbers that they are everywhere else. */
export function plainValues(raw: object): JsonObject {
  const plain = (value: unknown) => typeof value === "bigint" ? Number(value) : value;
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, plain(value)]));
}

/** The shortest decimal number that is the same in single precision: 1e-5 for 0.00000999999975. */
export function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}
