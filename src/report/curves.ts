/** Makes long series of numbers short enough to draw, and smooths them. */

/**
 * Positions that are enough to draw a long series. It is divided into `buckets` equal parts; each gives the
 * positions of its smallest and largest value and of the first that is not finite, so that no peak and no gap
 * is lost. With the first and the last position of all these are at most 3 × buckets + 2, ascending. A series
 * of up to 2 × buckets is kept whole.
 */
export function thinned(values: readonly number[], buckets: number): number[] {
  const { length } = values;
  if (length <= 2 * buckets) return values.map((_, i) => i);
  const kept = new Set<number>([0, length - 1]);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * length) / buckets);
    const to = Math.floor(((bucket + 1) * length) / buckets);
    let [min, max, gap] = [-1, -1, -1];
    for (let i = from; i < to; i++) {
      if (!Number.isFinite(values[i])) {
        if (gap < 0) gap = i;
        continue;
      }
      if (min < 0 || values[i] < values[min]) min = i;
      if (max < 0 || values[i] > values[max]) max = i;
    }
    for (const i of [min, max, gap]) if (i >= 0) kept.add(i);
  }
  return [...kept].toSorted((a, b) => a - b);
}

/**
 * For each position, the mean of the finite ones among the last `window` values up to it; NaN where the value
 * at the position is not finite. Each sum is computed anew: in a running sum one huge value would spoil all
 * that follow.
 */
export function trailingMeans(
  values: readonly number[],
  positions: readonly number[],
  window: number,
): number[] {
  return positions.map((last) => {
    if (!Number.isFinite(values[last])) return Number.NaN;
    let [sum, finite] = [0, 0];
    for (let i = Math.max(0, last - window + 1); i <= last; i++) {
      if (!Number.isFinite(values[i])) continue;
      sum += values[i];
      finite++;
    }
    return sum / finite;
  });
}

/** The median of the finite values (of an even number the mean of the middle two); NaN where there is none. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).toSorted();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
