/**
 * Strings that end an answer.
 *
 * @module
 */

/** The text up to the first of the stop strings that is in it, or undefined where none is. */
export function cutAtStop(text: string, stop: readonly string[]): string | undefined {
  const places = stop.filter((end) => end !== "").map((end) => text.indexOf(end));
  const first = Math.min(...places.filter((place) => place >= 0));
  return first === Infinity ? undefined : text.slice(0, first);
}

/** Tokens beyond a stop string's length that are looked at: some tokens are no whole character. */
const MARGIN = 8;

/**
 * Tells whether tokens hold a stop string, asked after every new token.
 *
 * Only the newest tokens are decoded; where these hold one, all are, so that what a tokenizer does
 * at a text's beginning cannot make one up.
 */
export function stopFinder(
  decode: (tokenIds: readonly number[]) => string,
  stop: readonly string[],
): (tokenIds: readonly number[]) => boolean {
  // A character is at most four tokens of one byte.
  const window = 4 * Math.max(0, ...stop.map((end) => end.length)) + MARGIN;
  const hasStop = (tokenIds: readonly number[]) => cutAtStop(decode(tokenIds), stop) !== undefined;
  return (tokenIds) =>
    stop.length > 0 && hasStop(tokenIds.slice(-window)) &&
    (tokenIds.length <= window || hasStop(tokenIds));
}
