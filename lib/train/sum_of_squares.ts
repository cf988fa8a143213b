/**
 * The sum of the squares of numbers, in float64: quicker than a graph's, and a float32 sum of a large
 * matrix is off by more than its gradients differ between engines.
 */
export function sumOfSquares(numbers: Float32Array): number {
  // Four sums at a time, as an addition takes as long as four can begin in.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = numbers.length - numbers.length % 4;
  for (let at = 0; at < whole; at += 4) {
    a += numbers[at] * numbers[at];
    b += numbers[at + 1] * numbers[at + 1];
    c += numbers[at + 2] * numbers[at + 2];
    d += numbers[at + 3] * numbers[at + 3];
  }
  for (let at = whole; at < numbers.length; at++) a += numbers[at] * numbers[at];
  return a + b + c + d;
}
