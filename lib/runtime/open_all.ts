/**
 * Several things that must be freed, opened together.
 *
 * @module
 */

/**
 * Opens all or none: where one cannot be opened, those before it are freed.
 *
 * @param openers By name, what opens each; they run one after the other.
 * @throws What the opener that failed has thrown.
 *
 * @example The second door is locked
 * ```ts
 * import { openAll } from "@longpo/longpo/runtime";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const closed: string[] = [];
 * const front = {
 *   async [Symbol.asyncDispose]() {
 *     closed.push("front");
 *   },
 * };
 * const both = openAll({
 *   front: () => Promise.resolve(front),
 *   back: () => Promise.reject(new Error("locked")),
 * });
 *
 * await assertRejects(() => both, Error, "locked");
 * assertEquals(closed, ["front"]);
 * ```
 */
export async function openAll<Opened extends Record<string, AsyncDisposable>>(
  openers: { readonly [Name in keyof Opened]: () => Promise<Opened[Name]> },
): Promise<Opened> {
  await using stack = new AsyncDisposableStack();
  const opened: Partial<Opened> = {};
  for (const name of Object.keys(openers) as (keyof Opened)[]) {
    opened[name] = stack.use(await openers[name]());
  }
  stack.move();
  return opened as Opened;
}
