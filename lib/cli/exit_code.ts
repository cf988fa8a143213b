/**
 * What a command's exit code says.
 *
 * @module
 */

/** The exit codes, by what they say. */
export const exitCode = {
  /** All was done, or whoever read standard output had enough. */
  done: 0,
  /** It failed, and standard error says why. */
  failed: 1,
  /** The command line cannot be run as it was typed. */
  usage: 2,
  /** Stopped by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** Stopped by SIGTERM (128 + SIGTERM). */
  terminated: 143,
} as const;

/** One of the exit codes. */
export type ExitCode = typeof exitCode[keyof typeof exitCode];
