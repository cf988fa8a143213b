/**
 * Saying a thing once, however often it happens.
 *
 * @module
 */

import type { Logger } from "../../flow/mod.ts";

/** Makes a function that warns of each thing the first time that it happens. */
export function warnOnce(
  log: Pick<Logger, "warn"> | undefined,
): (about: string, message: string) => void {
  const said = new Set<string>();
  return (about, message) => {
    if (said.has(about)) return;
    said.add(about);
    log?.warn(`${message}. This is said once.`);
  };
}
