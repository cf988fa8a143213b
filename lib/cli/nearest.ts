/**
 * The known word somebody who mistyped most likely meant.
 *
 * @module
 */

/** How many letters have to be added, taken away or changed to make `b` of `a` (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/**
 * The word nearest to `typed`, or `undefined` where none is near enough to be worth a guess.
 *
 * A word counts as near when at most a third of its letters, rounded up, differ, or when one begins the other.
 */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  const distance = (word: string): number =>
    typed.length > 1 && (word.startsWith(typed) || typed.startsWith(word))
      ? 1
      : editDistance(typed, word);
  const ranked = words
    .map((word) => ({ word, distance: distance(word) }))
    .filter(({ word, distance }) => distance <= Math.ceil(word.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.word;
}
