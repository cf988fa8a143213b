/**
 * Stripping texts as Python does.
 *
 * Chat templates are written against Python's `str`: its white space has the next-line character
 * and lacks the byte order mark, where JavaScript's is the other way round, and `strip("\n")` takes
 * nothing but newlines.
 *
 * @module
 */

/** Unicode's white space, and the separators of files, groups, records and units. */
function isSpace(letter: string): boolean {
  return /\p{White_Space}/u.test(letter) || (letter >= "\x1c" && letter <= "\x1f");
}

function isStripped(letter: string, letters: string | undefined): boolean {
  return letters === undefined ? isSpace(letter) : letters.includes(letter);
}

/** Python's `text.lstrip(letters)`; without letters, white space. */
export function stripStart(text: string, letters?: string): string {
  let at = 0;
  for (const letter of text) {
    if (!isStripped(letter, letters)) break;
    at += letter.length;
  }
  return text.slice(at);
}

/** Python's `text.rstrip(letters)`; without letters, white space. */
export function stripEnd(text: string, letters?: string): string {
  let end = text.length;
  while (end > 0) {
    const pair = text.codePointAt(end - 2) ?? 0;
    const letter = pair > 0xffff ? text.slice(end - 2, end) : text[end - 1];
    if (!isStripped(letter, letters)) break;
    end -= letter.length;
  }
  return text.slice(0, end);
}

/** Python's `text.strip(letters)`; without letters, white space. */
export function strip(text: string, letters?: string): string {
  return stripEnd(stripStart(text, letters), letters);
}
