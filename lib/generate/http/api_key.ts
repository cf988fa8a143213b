/**
 * The key that a server may ask for.
 *
 * @module
 */

const VARIABLE = "OPENAI_API_KEY";

/**
 * The key in the environment variable `OPENAI_API_KEY`, where this program may read it.
 *
 * Nobody is asked for the permission: most servers of one's own want no key.
 */
export function keyFromEnvironment(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: VARIABLE });
  return state === "granted" ? Deno.env.get(VARIABLE) || undefined : undefined;
}
