/** Long series of numbers made short enough to draw. */

/**
 * Positions that show all of a long series: of each of `buckets` equal parts the least and the greatest value, and the
 * first that is not finite, so that no peak and no gap is lost. At most 3 × buckets + 2, ascending, with the first and
 * the last position of all; every position where there are no more than two in a part.
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
 * The mean of the last `window` values up to each of some positions, of those that are finite; NaN where the value
 * itself is not. Sums are made afresh for each: one huge value must not spoil all that come after it.
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

/** The middle of the finite values, the mean of both middles of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).toSorted();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
