/** Calibration of chosen logits, by hand. */
import { calibration } from '../../../src/train/robustness/calibration';
import type { Subject } from '../../../src/train/robustness/measure';
import { linearTrainer, subjectWith } from './fixtures';

let subject: Subject;
beforeAll(async () => {
  subject = subjectWith((await linearTrainer()).trainer);
});

/** Of rows of values, in batches of a length. */
async function measured(rows: readonly number[][], numbers: number[], bins: number, each = rows.length) {
  const [{ length: classes }] = rows;
  const meter = calibration.begin({ ...subject, classes }, { bins, seed: 0 });
  for (let start = 0; start < rows.length; start += each) {
    const here = numbers.slice(start, start + each);
    const logits = Float32Array.from(rows.slice(start, start + each).flat());
    const none = new Float32Array(0);
    await meter.add({ pixels: none, values: none, logits, numbers: here, positions: here });
  }
  return meter.result;
}

/** Logits of two classes whose first has this probability. */
const sure = (probability: number) => [Math.log(probability / (1 - probability)) + 3, 3];

test('four images in bins of a quarter', async () => {
  // Confidences 0.9 (right), 0.8 (wrong), 0.6 (right, for class 1), 0.7 (wrong).
  const rows = [sure(0.9), sure(0.8), sure(0.4), sure(0.7)];
  const found = await measured(rows, [0, 1, 1, 1], 4, 3);
  // Bins (½, ¾]: 0.65 sure and ½ right; (¾, 1]: 0.85 sure and ½ right.
  expect(found.expectedError).toBeCloseTo((2 * 0.15 + 2 * 0.35) / 4, 6);
  expect(found.maximumError).toBeCloseTo(0.35, 6);
  const loss = -(Math.log(0.9) + Math.log(0.2) + Math.log(0.6) + Math.log(0.3)) / 4;
  expect(found.logLikelihoodLoss).toBeCloseTo(loss, 6);
  expect(found.bins).toEqual([
    { from: 0, to: 0.25, images: 0, confidence: Number.NaN, accuracy: Number.NaN },
    { from: 0.25, to: 0.5, images: 0, confidence: Number.NaN, accuracy: Number.NaN },
    { from: 0.5, to: 0.75, images: 2, confidence: expect.closeTo(0.65, 6), accuracy: 0.5 },
    { from: 0.75, to: 1, images: 2, confidence: expect.closeTo(0.85, 6), accuracy: 0.5 },
  ]);
});

test('who is sure to 55, 75 and 95 %, and right as often, is calibrated', async () => {
  const rows: number[][] = [];
  const numbers: number[] = [];
  for (const [probability, right] of [
    [0.55, 11],
    [0.75, 15],
    [0.95, 19],
  ])
    for (let i = 0; i < 20; i++) {
      rows.push(sure(probability));
      numbers.push(i < right ? 0 : 1);
    }
  const found = await measured(rows, numbers, 15, 7);
  expect(found.expectedError).toBeLessThan(1e-6);
  expect(found.maximumError).toBeLessThan(1e-6);
  expect(found.bins.filter(({ images }) => images > 0)).toHaveLength(3);
  // In one bin more images are right than the mean confidence says, only if some are wrong elsewhere: here none are.
  expect((await measured(rows, numbers, 1)).expectedError).toBeLessThan(1e-6);
  const allRight = await measured(
    rows,
    numbers.map(() => 0),
    1,
  );
  expect(allRight.expectedError).toBeCloseTo(0.25, 6);
});

test('a confidence on an edge belongs below it; 1 to the last bin', async () => {
  const even = await measured([[2, 2]], [0], 2);
  expect(even.bins.map(({ images }) => images)).toEqual([1, 0]);
  expect(even.expectedError).toBe(0.5);
  const certain = await measured([[200, -200]], [1], 15);
  expect(certain.bins.map(({ images }) => images).lastIndexOf(1)).toBe(14);
  expect([certain.expectedError, certain.maximumError]).toEqual([1, 1]);
  expect(certain.logLikelihoodLoss).toBe(400);
});

test('probabilities are taken as such, unless one row is none', async () => {
  const probabilities = [
    [0.72, 0.2, 0.08],
    [0.1, 0.32, 0.58],
    [0.25, 0.46, 0.29],
  ];
  const numbers = [0, 1, 1];
  const direct = await measured(probabilities, numbers, 10);
  const logits = await measured(
    probabilities.map((row) => row.map((value) => Math.log(value) - 1)),
    numbers,
    10,
  );
  expect(direct.expectedError).toBeCloseTo((0.28 + 0.58 + 0.54) / 3, 6);
  expect(logits.expectedError).toBeCloseTo(direct.expectedError, 6);
  expect(logits.logLikelihoodLoss).toBeCloseTo(direct.logLikelihoodLoss, 6);
  // As logits they have softmax values of 0.471, 0.418 and 0.377, and the fourth row of 0.965.
  const mixed = await measured([...probabilities, [4, 0, 0]], [...numbers, 0], 10);
  expect(mixed.bins.map(({ images }) => images)).toEqual([0, 0, 0, 1, 2, 0, 0, 0, 0, 1]);
});
