/**
 * Checks of operators' options.
 *
 * @module
 */

/**
 * Refuses what is no integer from `least` up.
 *
 * @throws {RangeError} Naming operator, option and value.
 */
export function checkInteger(
  operator: string,
  option: string,
  value: number,
  least: number,
): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(
    `Cannot make ${operator} as ${option} must be an integer of at least ${least}: current value is ${value}`,
  );
}
