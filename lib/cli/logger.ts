/**
 * The logger of a command line.
 *
 * @module
 */

import type { Logger } from "../flow/mod.ts";
import { type Screen, stderrScreen } from "./screen.ts";

/** Logs to a screen, standard error where none is given, above any progress shown there. */
export function screenLogger(screen: Screen = stderrScreen): Logger {
  return {
    info: (message) => screen.print(message),
    warn: (message) => screen.print(`${screen.paint("yellow", "warning:")} ${message}`),
  };
}
