/**
 * Names and options of stages, sources and sinks, as plans and reports print them.
 *
 * @module
 */

/** A value that a plan prints beside a stage's name. */
export type OptionValue = string | number | boolean | undefined;

/** What a plan prints of a stage. */
export interface Description {
  /** The stage's name. */
  readonly name: string;
  /** Its options, in the order in which they are printed; those `undefined` are left out. */
  readonly options: Readonly<Record<string, OptionValue>>;
}

// deno-lint-ignore ban-types
const descriptions = new WeakMap<Function, Description>();

/**
 * Gives a function a name, and the options that a plan prints beside it.
 *
 * A factory whose stage is an anonymous function, or wraps another, names it with this. A stage
 * that is a named function needs nothing: its own name is used.
 *
 * @param name What plans, reports and errors call it.
 * @param stage A stage, source or sink; it is left as it is.
 * @param options What a plan prints beside the name.
 * @returns The same behaviour under the new name.
 *
 * @example A factory that says what it was made with
 * ```ts
 * import { describe, named, type Stage } from "@longpo/longpo/flow";
 *
 * function repeat(times: number): Stage<string, string> {
 *   return named("repeat", async function* (source) {
 *     for await (const word of source) yield word.repeat(times);
 *   }, { times });
 * }
 *
 * console.log(describe(repeat(3))); // { name: "repeat", options: { times: 3 } }
 * ```
 */
export function named<Arguments extends unknown[], Result>(
  name: string,
  stage: (...args: Arguments) => Result,
  options: Readonly<Record<string, OptionValue>> = {},
): (...args: Arguments) => Result {
  const renamed = (...args: Arguments): Result => stage(...args);
  Object.defineProperty(renamed, "name", { value: name });
  descriptions.set(renamed, { name, options });
  return renamed;
}

/**
 * Tells the name and the options of a stage, source or sink.
 *
 * @param part What to describe; an iterable has no name of its own.
 * @param fallback The name of what has none.
 * @returns What {@linkcode named} was told, or else the function's own name.
 */
export function describe(part: unknown, fallback = "anonymous"): Description {
  if (typeof part !== "function") return { name: fallback, options: {} };
  return descriptions.get(part) ?? { name: part.name || fallback, options: {} };
}
