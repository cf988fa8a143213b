/**
 * Several stages as one, typed end to end.
 *
 * @module
 */

import { describe, named } from "./describe.ts";
import type { Stage, StageContext } from "./stage.ts";

/** A stage of whatever rows: what is left when types have done their work. */
export type AnyStage = (
  source: AsyncIterable<never>,
  context: StageContext,
) => AsyncIterable<unknown>;

// deno-lint-ignore ban-types
const partsOf = new WeakMap<Function, readonly AnyStage[]>();

/**
 * Joins stages into one: the rows of each flow into the next, and types are checked at each joint.
 *
 * A pipeline shows and counts the parts one by one. Types flow from left to right, so that
 * operators such as {@linkcode map} know their input once the first stage names its own.
 *
 * @returns A stage from the first one's input to the last one's output, named `a | b | c`.
 *
 * @example Two stages in one
 * ```ts
 * import { createContext, group, map, pipe } from "@longpo/longpo/flow";
 * import { assertEquals } from "@std/assert";
 *
 * const lengths = pipe(map((word: string) => word.length), group({ count: 2 }));
 * async function* words() {
 *   yield* ["a", "stream", "of", "words", "flows"];
 * }
 *
 * assertEquals(
 *   await Array.fromAsync(lengths(words(), createContext())),
 *   [[1, 6], [2, 5], [5]],
 * );
 * ```
 */
export function pipe<A, B>(ab: Stage<A, B>): Stage<A, B>;
/** Joins two stages. */
export function pipe<A, B, C>(ab: Stage<A, B>, bc: Stage<B, C>): Stage<A, C>;
/** Joins three stages. */
export function pipe<A, B, C, D>(
  ab: Stage<A, B>,
  bc: Stage<B, C>,
  cd: Stage<C, D>,
): Stage<A, D>;
/** Joins four stages. */
export function pipe<A, B, C, D, E>(
  ab: Stage<A, B>,
  bc: Stage<B, C>,
  cd: Stage<C, D>,
  de: Stage<D, E>,
): Stage<A, E>;
/** Joins five stages. */
export function pipe<A, B, C, D, E, F>(
  ab: Stage<A, B>,
  bc: Stage<B, C>,
  cd: Stage<C, D>,
  de: Stage<D, E>,
  ef: Stage<E, F>,
): Stage<A, F>;
/** Joins six stages. */
export function pipe<A, B, C, D, E, F, G>(
  ab: Stage<A, B>,
  bc: Stage<B, C>,
  cd: Stage<C, D>,
  de: Stage<D, E>,
  ef: Stage<E, F>,
  fg: Stage<F, G>,
): Stage<A, G>;
/** Joins seven stages. */
export function pipe<A, B, C, D, E, F, G, H>(
  ab: Stage<A, B>,
  bc: Stage<B, C>,
  cd: Stage<C, D>,
  de: Stage<D, E>,
  ef: Stage<E, F>,
  fg: Stage<F, G>,
  gh: Stage<G, H>,
): Stage<A, H>;
/** Joins eight stages. */
export function pipe<A, B, C, D, E, F, G, H, I>(
  ab: Stage<A, B>,
  bc: Stage<B, C>,
  cd: Stage<C, D>,
  de: Stage<D, E>,
  ef: Stage<E, F>,
  fg: Stage<F, G>,
  gh: Stage<G, H>,
  hi: Stage<H, I>,
): Stage<A, I>;
/** Joins nine stages. */
export function pipe<A, B, C, D, E, F, G, H, I, J>(
  ab: Stage<A, B>,
  bc: Stage<B, C>,
  cd: Stage<C, D>,
  de: Stage<D, E>,
  ef: Stage<E, F>,
  fg: Stage<F, G>,
  gh: Stage<G, H>,
  hi: Stage<H, I>,
  ij: Stage<I, J>,
): Stage<A, J>;
/** Joins ten stages; for more, join what was joined. */
export function pipe<A, B, C, D, E, F, G, H, I, J, K>(
  ab: Stage<A, B>,
  bc: Stage<B, C>,
  cd: Stage<C, D>,
  de: Stage<D, E>,
  ef: Stage<E, F>,
  fg: Stage<F, G>,
  gh: Stage<G, H>,
  hi: Stage<H, I>,
  ij: Stage<I, J>,
  jk: Stage<J, K>,
): Stage<A, K>;
export function pipe(...stages: AnyStage[]): AnyStage {
  const parts = stages.flatMap(partsOfStage);
  const name = parts.map((part) => describe(part).name).join(" | ");
  const piped = named(
    name,
    (source: AsyncIterable<never>, context: StageContext) =>
      parts.reduce<AsyncIterable<unknown>>(
        (rows, part) => part(rows as AsyncIterable<never>, context),
        source,
      ),
  );
  partsOf.set(piped, parts);
  return piped;
}

/** The stages that {@linkcode pipe} joined, or the stage itself. */
export function partsOfStage(stage: AnyStage): readonly AnyStage[] {
  return partsOf.get(stage) ?? [stage];
}
