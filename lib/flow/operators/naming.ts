/**
 * How operators name themselves.
 *
 * @module
 */

/** `operator(callback)`, or just `operator` around a function without a name. */
export function callNamed(operator: string, callback: { readonly name: string }): string {
  return callback.name === "" ? operator : `${operator}(${callback.name})`;
}
