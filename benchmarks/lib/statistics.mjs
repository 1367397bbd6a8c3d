// Numbers from rounds: medians, their spread, and ratios taken pair by pair.

/** Value below which the share q of the sorted values lies, between neighbours by straight line. */
function quantile(sorted, q) {
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/** Median, with the quartiles as its spread. */
export function summary(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) };
}

/**
 * How many times as fast as the rival: the rival's time over ours, round by round, and then the median. What slows the
 * machine for a while slows both of a pair, so it cancels; in a ratio of medians it would not.
 */
export function pairedRatio(times, rivalTimes) {
  return summary(times.map((time, round) => rivalTimes[round] / time));
}
