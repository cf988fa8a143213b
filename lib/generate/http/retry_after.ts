/**
 * When a server wants to be asked again.
 *
 * @module
 */

/**
 * Reads HTTP's `Retry-After`: a number of seconds or a date (RFC 9110, 10.2.3).
 *
 * @param value The header's value; null where there is none.
 * @param now Milliseconds since 1970, which a date is held against.
 * @returns Milliseconds from `now`, 0 for a date that is past; undefined for what is neither.
 */
export function retryAfter(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null || value.trim() === "") return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds < 0 ? undefined : seconds * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
