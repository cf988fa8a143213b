import { UserError } from "../../../lib/flow/mod.ts";
import type { Figures } from "./figures.ts";

/** What two sides that compute the same step must agree on. */
const AGREED = ["loss", "nll", "preference", "gradNorm"] as const;

/** How far apart they may be, relatively. */
const TOLERANCE = 1e-3;

/**
 * How far apart, relatively, two steps are in what they must agree on.
 *
 * @throws {UserError} If they did not compute the same, so that their times cannot be compared.
 */
export function agreement(one: Figures, other: Figures): Record<typeof AGREED[number], number> {
  const apart = AGREED.map((name) => {
    const [a, b] = [one[name], other[name]];
    const difference = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
    if (difference <= TOLERANCE) return [name, difference];
    throw new UserError(
      `The sides did not compute the same: ${name} is ${a} on one, ${b} on the other`,
      {
        hint: "Their times cannot be compared",
      },
    );
  });
  return Object.fromEntries(apart);
}
