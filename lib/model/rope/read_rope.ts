/**
 * Reads the rotary embedding out of a config.json.
 *
 * @module
 */

import { ConfigReader, isJsonObject } from "../config_reader.ts";
import type { ModelConfig } from "../model_config.ts";
import type { RopeScaling } from "./rope_rule.ts";
import { ropeRules } from "./table.ts";

/** What an architecture's rotary embedding is like. */
export interface RopeDefaults {
  /** Its base where a config is silent. @default {10_000} */
  ropeTheta?: number;
  /** Which scalings it allows. @default {all} */
  scalings?: readonly string[];
}

/** The key that holds an object on the rotary embedding: the older one, or Transformers 5's. */
function ropeKey(config: ConfigReader): string | undefined {
  return ["rope_scaling", "rope_parameters"].find((key) => (config.raw[key] ?? null) !== null);
}

function readScaling(
  config: ConfigReader,
  key: string,
  rope: ConfigReader,
  maxPositions: number,
  allowed: readonly string[],
): RopeScaling | undefined {
  const type = rope.raw.rope_type ?? rope.raw.type ?? "default";
  if (type === "default") return undefined;
  if (typeof type !== "string" || !allowed.includes(type)) {
    throw config.unsupported(key, `The types here are: ${["default", ...allowed].join(", ")}`);
  }
  // Beside the sizes it counts for more than within the object, as for Transformers.
  const outer = config.raw.original_max_position_embeddings ?? null;
  const original = outer === null ? rope : config;
  const trainedLength = type === "dynamic"
    ? maxPositions
    : original.size("original_max_position_embeddings", maxPositions);
  return { type, parameters: ropeRules[type].read(rope, trainedLength) };
}

/**
 * Base and scaling of the rotary embedding: `rope_theta` and `rope_scaling` (until Transformers 4),
 * or both in `rope_parameters` (since 5).
 *
 * @throws {UserError} If the config asks for a rotary embedding that is not computed here; the
 * message names the key.
 */
export function readRope(
  config: ConfigReader,
  maxPositions: number,
  { ropeTheta = 10_000, scalings = Object.keys(ropeRules) }: RopeDefaults,
): Pick<ModelConfig, "ropeTheta" | "ropeScaling"> {
  config.expect("partial_rotary_factor", 1);
  const outerTheta = config.positive("rope_theta", ropeTheta);
  const key = ropeKey(config);
  if (key === undefined) return { ropeTheta: outerTheta };
  const object = config.raw[key];
  if (!isJsonObject(object)) throw config.unsupported(key, "It must be an object");
  const rope = new ConfigReader(object, `${config.path}, "${key}"`);
  rope.expect("partial_rotary_factor", 1);
  const scaling = readScaling(config, key, rope, maxPositions, scalings);
  return {
    ropeTheta: rope.positive("rope_theta", outerTheta),
    ...(scaling ? { ropeScaling: scaling } : {}),
  };
}
