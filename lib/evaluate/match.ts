/** An answer without what does not count: case, space around it, quotes, a full stop. */
function normalise(answer: string): string {
  return answer.normalize("NFC").trim().toLowerCase().replace(/\s+/gu, " ")
    .replace(/^["'“‘(]+|["'”’).,;:!?]+$/gu, "").trim();
}

/**
 * Whether an answer says the same as the true one: letter by letter, but for case, space, quotes
 * around it and punctuation at its end.
 *
 * @example Punctuation does not count, words do
 * ```ts
 * import { answersMatch } from "@longpo/longpo/evaluate";
 * import { assert } from "@std/assert";
 *
 * assert(answersMatch(" oslo", "Oslo."));
 * assert(!answersMatch("In Oslo.", "Oslo."));
 * ```
 */
export function answersMatch(answer: string, truth: string): boolean {
  return normalise(answer) === normalise(truth);
}
