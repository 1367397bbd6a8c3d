/** Which errors the curves of an experiment are drawn for. */
import { errorRange } from '../../src/report/experiment';

const table = (...curves: number[][]) =>
  ({ rows: curves.map((curve) => ({ curve })) }) as unknown as Parameters<typeof errorRange>[0];

test('from the lowest error to the greatest after the first third of the epochs, in fives', () => {
  expect(errorRange(table([0.9, 0.8, 0.42, 0.31], [0.85, 0.36, 0.45, 0.287]))).toEqual([25, 45]);
  // An error before that third may be the lowest.
  expect(errorRange(table([0.9, 0.22, 0.8, 0.4, 0.41, 0.38]))).toEqual([20, 80]);
});

test('of a single epoch, and of errors that are all alike', () => {
  expect(errorRange(table([0.883]))).toEqual([85, 90]);
  expect(errorRange(table([0.3, 0.3, 0.3, 0.3]))).toEqual([30, 35]);
});
