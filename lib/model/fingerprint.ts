/**
 * Hashes that tell whether stored reference log-probs still belong to a model and a text.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { ModelConfig } from "./config.ts";
import { floatPieces, type Weights } from "./weights.ts";

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

/** Numbers that are hashed at once where they are held in 16 bits. */
const PIECE = 2 ** 18;

/**
 * SHA-256 over all that a model's outputs depend on: the weights as Float32, and of the config the
 * heads, the rotary base and the norms' epsilon.
 *
 * File layout, shards, the name under which a tied matrix is stored and the format in which numbers
 * are held change nothing.
 *
 * @returns Hexadecimal.
 */
export function fingerprint(config: ModelConfig, parameters: Weights): string {
  const hash = createHash("sha256").update(JSON.stringify(essentials(config)));
  const room = new Float32Array(PIECE);
  for (const name of [...parameters.keys()].sort()) {
    const weight = parameters.get(name)!;
    hash.update(JSON.stringify([name, weight.shape]));
    for (const { buffer, byteOffset, byteLength } of floatPieces(weight, room)) {
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
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
