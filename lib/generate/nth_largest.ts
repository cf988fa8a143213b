/**
 * The `count`th largest of some numbers, in time that grows as they do: none is NaN.
 *
 * @param count From 1 to how many there are.
 */
export function nthLargest(numbers: Float32Array, count: number): number {
  const left = numbers.slice();
  const place = left.length - count;
  for (let from = 0, to = left.length - 1; from < to;) {
    const middle = left[(from + to) >> 1];
    let [low, high] = [from, to];
    while (low <= high) {
      while (left[low] < middle) low++;
      while (left[high] > middle) high--;
      if (low > high) break;
      const one = left[low];
      left[low++] = left[high];
      left[high--] = one;
    }
    // Up to high none is larger than the middle, from low on none smaller.
    if (place <= high) to = high;
    else if (place >= low) from = low;
    else break;
  }
  return left[place];
}
