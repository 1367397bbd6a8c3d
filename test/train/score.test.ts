import { smoothLabels } from '../../src/train/batches';
import { accuracyOf, argmax, rankOf, Scorer } from '../../src/train/score';

test('rank: 0 for the best; of equal logits the first counts as better', () => {
  const logits = Float32Array.of(1, 3, 3, -2, 0.5, 7);
  expect([5, 1, 2, 0, 4, 3].map((label) => rankOf(logits, label))).toEqual([0, 1, 2, 3, 4, 5]);
  expect(argmax(Float32Array.of(2, 2, 1))).toBe(0);
});

test('accuracy on soft labels counts the class of the largest share', () => {
  const logits = Float32Array.of(2, 1, 0, 0, 1, 5, 0, 3, 1);
  const labels = Float32Array.of(0.6, 0.4, 0, 0.5, 0.2, 0.3, 0, 0.9, 0.1);
  expect(accuracyOf(logits, labels, 3)).toBeCloseTo(2 / 3, 12);
});

test('a score over two batches is that of all images', () => {
  const scorer = new Scorer(7);
  const row = (...order: number[]) => Array.from({ length: 7 }, (_, k) => -order.indexOf(k));
  // The right class is first, second, fifth, sixth.
  scorer.add(Float32Array.from([...row(2, 0, 1, 3, 4, 5, 6), ...row(1, 3, 0, 2, 4, 5, 6)]), [2, 3]);
  scorer.add(Float32Array.from([...row(0, 1, 2, 3, 4, 5, 6), ...row(0, 1, 2, 3, 4, 5, 6)]), [4, 5]);
  const { images, top1Error, top5Error, loss, confusion } = scorer.score;
  expect({ images, top1Error, top5Error }).toEqual({ images: 4, top1Error: 0.75, top5Error: 0.25 });
  const total = Math.log([0, 1, 2, 3, 4, 5, 6].reduce((sum, k) => sum + Math.exp(-k), 0));
  expect(loss).toBeCloseTo(total + (0 + 1 + 4 + 5) / 4, 6);
  expect(confusion[2][2]).toBe(1);
  expect(confusion[3][1]).toBe(1);
  expect(confusion[4][0] + confusion[5][0]).toBe(2);
});

test('large logits do not overflow the loss', () => {
  const scorer = new Scorer(2);
  scorer.add(Float32Array.of(1000, 900), [1]);
  expect(scorer.score.loss).toBeCloseTo(100, 6);
});

test('probabilities are known by their sums, over all images; their loss is −log p', () => {
  const scorer = new Scorer(3);
  scorer.add(Float32Array.of(0.7, 0.2, 0.1, 0, 0.5, 0.5), [0, 2]);
  scorer.add(Float32Array.of(0.2, 0.7995, 0), [1]);
  const { loss, probabilities } = scorer.score;
  expect(probabilities).toBe(true);
  expect(loss).toBeCloseTo(-(Math.log(0.7) + Math.log(0.5) + Math.log(0.7995)) / 3, 6);
  for (const last of [
    [0.2, 0.9, 0.2],
    [-0.1, 0.9, 0.2],
  ]) {
    const logits = new Scorer(3);
    logits.add(Float32Array.of(0.7, 0.2, 0.1), [0]);
    logits.add(Float32Array.from(last), [1]);
    const each = [[0.7, 0.2, 0.1], last].map(
      (row, i) => Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[i],
    );
    expect(logits.score.probabilities).toBe(false);
    expect(logits.score.loss).toBeCloseTo((each[0] + each[1]) / 2, 6);
  }
});

test('smoothing: a share of every label goes to all classes alike, and sums stay', () => {
  const labels = Float32Array.of(1, 0, 0, 0, 0.25, 0.75, 0, 0);
  smoothLabels(labels, 0.1, 4);
  const expected = [0.925, 0.025, 0.025, 0.025, 0.25, 0.7, 0.025, 0.025];
  labels.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
  const same = Float32Array.of(0.3, 0.7);
  smoothLabels(same, 0, 2);
  expect([...same]).toEqual([...Float32Array.of(0.3, 0.7)]);
});
