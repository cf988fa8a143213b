/**
 * The architectures of GGUF files that can be read, and the table of them.
 *
 * @module
 */

import { UserError } from "../../flow/mod.ts";
import type { JsonObject } from "../config_reader.ts";
import type { GgufFile } from "./gguf_file.ts";
import { llama } from "./llama.ts";

/** How an architecture's models are stored. */
export interface GgufArchitecture {
  /** What config.json says of the same model, but for its tokens. */
  config(file: GgufFile): JsonObject;
  /** What GGUF calls the weight that Hugging Face calls `name`. */
  tensorName(name: string): string;
  /** Whether a weight's rows are in the order of an interleaved rotary embedding. */
  hasInterleavedRows(name: string): boolean;
}

/** By `general.architecture`. */
const architectures: Readonly<Record<string, GgufArchitecture>> = { llama };

/**
 * Which architecture a file's model has.
 *
 * @throws {UserError} If there is none or it cannot be read here.
 */
export function architectureOf({ metadata, path }: GgufFile): GgufArchitecture {
  const name = metadata.text("general.architecture");
  if (name !== undefined && Object.hasOwn(architectures, name)) return architectures[name];
  const known = Object.keys(architectures).join(", ");
  throw new UserError(
    name === undefined
      ? `${path} does not say which architecture its model has`
      : `${path} holds a model of architecture "${name}", which is not supported`,
    { hint: `Architectures in GGUF files that can be read: ${known}` },
  );
}
