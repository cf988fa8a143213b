/**
 * Hashes that tell whether stored reference log-probs still belong to a model and a text.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { ModelConfig } from "./config.ts";
import type { Parameters } from "./parameters.ts";

/** SHA-256 of a text's UTF-8 bytes, in hexadecimal. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What of a config changes the numbers a model computes. */
function essentials(config: ModelConfig): unknown[] {
  return [
    config.architecture,
    config.headCount,
    config.keyValueHeadCount,
    config.headSize,
    config.ropeTheta,
    config.normEpsilon,
    ...unusual(config),
  ];
}

/** Of a config, what plain models have not: theirs are the fingerprints that they always had. */
function unusual({ attentionScale, ropeScaling, layerKinds }: ModelConfig): unknown[] {
  if (!attentionScale && !ropeScaling && !layerKinds) return [];
  return [attentionScale ?? null, ropeScaling ?? null, layerKinds ?? null];
}

/**
 * SHA-256 over all that a model's outputs depend on: the weights as Float32, and of the config the
 * heads, the rotary base and the norms' epsilon.
 *
 * File layout, shards and the name under which a tied matrix is stored change nothing.
 *
 * @returns Hexadecimal.
 */
export function fingerprint(config: ModelConfig, parameters: Parameters): string {
  const hash = createHash("sha256").update(JSON.stringify(essentials(config)));
  for (const name of [...parameters.keys()].sort()) {
    const { shape, data } = parameters.get(name)!;
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** What a reference log-prob is a function of. */
export interface ReferenceKey {
  /** {@linkcode fingerprint} of the reference model. */
  modelFingerprint: string;
  /** The hash of the chat template. */
  chatHash: string;
  /** What was scored, such as short context, question and answer. */
  texts: readonly string[];
}

/**
 * A hash that changes with the reference model, the template or any of the texts.
 *
 * @returns SHA-256 in hexadecimal.
 *
 * @example Another answer, another hash
 * ```ts
 * import { referenceHash } from "@longpo/longpo/model";
 *
 * const key = { modelFingerprint: "m", chatHash: "c" };
 * const first = referenceHash({ ...key, texts: ["piece", "question", "answer"] });
 * const other = referenceHash({ ...key, texts: ["piece", "question", "reply"] });
 * console.log(first === other); // false
 * ```
 */
export function referenceHash(key: ReferenceKey): string {
  return sha256(JSON.stringify([key.modelFingerprint, key.chatHash, key.texts]));
}
