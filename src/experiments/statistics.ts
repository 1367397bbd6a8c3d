/** Figures over runs. */
import { Purpose, Stream } from '../rng';

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The standard deviation of a sample, over n − 1; NaN for one value. */
export function deviation(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : Number.NaN;
}

/** The value at a share of sorted values, between neighbours in proportion. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

const RESAMPLES = 10_000;

/**
 * The interval in which the mean lies in 95 % of resamples with replacement (the percentile bootstrap: Efron, 1979), always the same for
 * the same values; undefined for fewer than two.
 */
export function bootstrap(values: readonly number[]): readonly [low: number, high: number] | undefined {
  if (values.length < 2) return undefined;
  const stream = new Stream(0, Purpose.drawing, { epoch: 0, batch: 0, sample: 0 });
  const means = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[stream.below(values.length)];
    return sum / values.length;
  });
  const sorted = means.toSorted((a, b) => a - b);
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
}

/** The middle of the last ten values, or of all where there are fewer. */
export function medianOfLast(values: readonly number[], count = 10): number {
  return quantile(
    values.slice(-count).toSorted((a, b) => a - b),
    0.5,
  );
}
