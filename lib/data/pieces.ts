/** A stretch of a text, with its tokens counted. */
export interface Piece {
  /** First UTF-16 index. */
  start: number;
  /** One past the last. */
  end: number;
  /** Tokens of the stretch on its own. */
  tokens: number;
}

/** Counts the tokens of a text, special tokens left out. */
export type CountTokens = (text: string) => number;

type Cut = (text: string) => string[];

const sentenceSegmenter = new Intl.Segmenter(undefined, { granularity: "sentence" });

/** Ways to cut a text in parts that join to the same text again, coarse to fine. */
const cuts: readonly Cut[] = [paragraphs, sentences, words, halves];

/**
 * Cuts a text into pieces of at most `tokens` tokens: paragraphs where they fit, else their
 * sentences, else words, else parts of words. The pieces join to the text without a gap.
 *
 * A single character that takes more than `tokens` tokens stays whole.
 */
export function* pieces(text: string, tokens: number, count: CountTokens): Generator<Piece> {
  yield* piecesOf(text, 0, 0, tokens, count);
}

function* piecesOf(
  text: string,
  offset: number,
  level: number,
  tokens: number,
  count: CountTokens,
): Generator<Piece> {
  let start = offset;
  for (const part of cuts[level](text)) {
    const size = count(part);
    if (size <= tokens || isOneCharacter(part)) {
      yield { start, end: start + part.length, tokens: size };
    } else {
      yield* piecesOf(part, start, Math.min(level + 1, cuts.length - 1), tokens, count);
    }
    start += part.length;
  }
}

/** A paragraph keeps the blank lines that follow it. */
function paragraphs(text: string): string[] {
  return text.split(/(?<=\n[^\S\n]*\n)(?=[^\n]*\S)/);
}

function sentences(text: string): string[] {
  return Array.from(sentenceSegmenter.segment(text), ({ segment }) => segment);
}

/** A word keeps the space before it, as byte-level tokenizers do. */
function words(text: string): string[] {
  return text.match(/\s*\S+(?:\s+$)?|\s+$/g) ?? [];
}

function halves(text: string): string[] {
  let middle = text.length >> 1;
  if (isLowSurrogate(text.charCodeAt(middle))) middle++;
  return middle < text.length ? [text.slice(0, middle), text.slice(middle)] : [text];
}

function isOneCharacter(text: string): boolean {
  return text.length < 2 || (text.length === 2 && isLowSurrogate(text.charCodeAt(1)));
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
