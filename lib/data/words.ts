const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** The words of a text in lower case, punctuation left out; works without spaces between words. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike) words.push(segment.toLowerCase());
  }
  return words;
}

/** The text with every run of white space as one space, and none at its ends. */
export function collapseSpace(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}
