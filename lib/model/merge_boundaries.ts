/**
 * Byte-pair encoding of long texts word by word.
 *
 * Tokenizers in SentencePiece's manner take a whole text as one word, on which the library spends a
 * heap entry a letter, and remembers nothing of it. Between two letters that no merge joins, though,
 * merges on the left and on the right know nothing of each other: there a text can be cut, and no
 * token changes. The short words that result are what the library remembers.
 *
 * @module
 */

import { BPE, type Model } from "@huggingface/tokenizers";

/** UTF-16 units up to which a text goes to the library whole. */
const SHORT = 32;

/** Code points that a merge joins: after which may stand which. */
type Joints = ReadonlyMap<number, ReadonlySet<number>>;

function lastCodePoint(text: string): number {
  const last = text.codePointAt(text.length - 1)!;
  const isLowSurrogate = last >= 0xdc00 && last <= 0xdfff;
  return isLowSurrogate && text.length > 1 ? text.codePointAt(text.length - 2)! : last;
}

function jointsOf(merges: readonly (readonly [string, string])[]): Joints {
  const joints = new Map<number, Set<number>>();
  for (const [left, right] of merges) {
    if (left === "" || right === "") continue;
    const last = lastCodePoint(left);
    const after = joints.get(last) ?? new Set();
    joints.set(last, after.add(right.codePointAt(0)!));
  }
  return joints;
}

/** A text cut wherever no merge can join what stands on both sides. */
function cut(text: string, joints: Joints): string[] {
  const words: string[] = [];
  let start = 0;
  let before = text.codePointAt(0)!;
  for (let at = before > 0xffff ? 2 : 1; at < text.length;) {
    const code = text.codePointAt(at)!;
    if (!joints.get(before)?.has(code)) {
      words.push(text.slice(start, at));
      start = at;
    }
    before = code;
    at += code > 0xffff ? 2 : 1;
  }
  return [...words, text.slice(start)];
}

/** Lets a model of the library, if it merges byte pairs, work on long texts word by word. */
export function quickenMerges(model: Model | null): void {
  if (!(model instanceof BPE)) return;
  // Suffixes mark where a word ends, so that a word's parts would not be spelt as they are in it.
  if (model.end_of_word_suffix || model.continuing_subword_suffix) return;
  const whole = model.bpe.bind(model);
  let joints: Joints | undefined;
  model.bpe = (text) => {
    if (text.length <= SHORT) return whole(text);
    joints ??= jointsOf(model.merges);
    return cut(text, joints).flatMap(whole);
  };
}
