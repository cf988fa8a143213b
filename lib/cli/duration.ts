/**
 * Time in a person's units.
 *
 * @module
 */

/** A duration such as `8 s`, `4 min 05 s` or `2 h 10 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (hours > 0) return `${hours} h ${two(minutes % 60)} min`;
  if (minutes > 0) return `${minutes} min ${two(seconds % 60)} s`;
  return `${seconds} s`;
}

/** A rate such as `120/s`, `3.4/s` or, where a second is too short, `4.5/min` and `2.1/h`. */
export function rate(count: number, milliseconds: number): string {
  const perSecond = count / Math.max(milliseconds / 1000, 1e-3);
  const units = [["s", 1], ["min", 60], ["h", 3600]] as const;
  const [unit, seconds] = units.find(([, seconds]) => perSecond * seconds >= 1) ?? units[2];
  const value = perSecond * seconds;
  return `${value >= 10 ? Math.round(value).toLocaleString("en") : value.toFixed(1)}/${unit}`;
}
