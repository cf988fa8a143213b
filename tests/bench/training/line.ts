/** A straight line through points, and how well it goes through them. */
export interface Line {
  /** Its value at 0. */
  intercept: number;
  /** What it gains for each unit. */
  slope: number;
  /** The share of the variance that it explains, R². */
  explained: number;
}

/** The line of least squares through points `[x, y]`; there must be two at least. */
export function fitLine(points: readonly (readonly [number, number])[]): Line {
  const mean = (of: (x: number, y: number) => number) =>
    points.reduce((sum, [x, y]) => sum + of(x, y), 0) / points.length;
  const [centerX, centerY] = [mean((x) => x), mean((_, y) => y)];
  const varianceX = mean((x) => (x - centerX) ** 2);
  const varianceY = mean((_, y) => (y - centerY) ** 2);
  const covariance = mean((x, y) => (x - centerX) * (y - centerY));
  const slope = covariance / varianceX;
  return {
    slope,
    intercept: centerY - slope * centerX,
    explained: covariance ** 2 / (varianceX * varianceY),
  };
}
