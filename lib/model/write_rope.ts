/**
 * Writes rotary base and context length into a config.json.
 *
 * @module
 */

import { isJsonObject } from "./config_reader.ts";
import type { ModelConfig } from "./model_config.ts";
import { patchJson } from "./patch_json.ts";

/** Python reads `1000000` as an integer, and Transformers wants the rotary base to be a float. */
function asFloat(value: number): string {
  const text = String(value);
  return /^\d+$/.test(text) ? `${text}.0` : text;
}

/** Of Gemma's `rope_parameters`, what layers that see everything have: it holds no inner object. */
const FULL_ATTENTION = /("full_attention"\s*:\s*)(\{[^{}]*\})/;

/** Gives the rotary embedding another base; where layers differ, those that see everything. */
export function patchTheta(text: string, own: ModelConfig, theta: number): string {
  if (theta === own.ropeTheta) return text;
  const patch = (json: string) => patchJson(json, "rope_theta", theta, asFloat(theta));
  const { rope_parameters: rope } = own.raw;
  if (!isJsonObject(rope) || !isJsonObject(rope.full_attention)) return patch(text);
  return text.replace(FULL_ATTENTION, (_, key: string, json: string) => key + patch(json));
}

/**
 * Gives the model another context length, and its rotary embedding the wavelengths that it has:
 * those that follow from the length trained for keep it, by a key of its own where there is one.
 */
export function patchLength(text: string, own: ModelConfig, length: number): string {
  if (length === own.maxPositions) return text;
  const trained = own.ropeScaling?.parameters.trainedLength;
  if (trained !== undefined) {
    // It grows with the sequence anyway, and has no key for the length trained for but this one.
    if (own.ropeScaling!.type === "dynamic") return text;
    text = patchJson(text, "original_max_position_embeddings", trained, String(trained));
  }
  return patchJson(text, "max_position_embeddings", length, String(length));
}
