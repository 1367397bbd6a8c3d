/** Figures over runs, and what is said of results: by hand. */
import { cellsOf } from '../../src/experiments/cells';
import { type Scale, scales } from '../../src/experiments/experiment';
import { settingsToShare } from '../../src/experiments/run-cell';
import { table1, table1Cifar100 } from '../../src/experiments/table1';
import { table2 } from '../../src/experiments/table2';
import { parse } from '../../src/option';
import { trainOptions } from '../../src/train/train-options';
import { type CellResult, parseResult } from '../../src/experiments/result';
import { bootstrap, deviation, mean, medianOfLast } from '../../src/experiments/statistics';
import { summaryOf } from '../../src/experiments/summary';
import { experimentMarkdown } from '../../src/report/experiment';

test('means, deviations and medians', () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(deviation([1, 2, 6])).toBeCloseTo(Math.sqrt((4 + 1 + 9) / 2), 12);
  expect(deviation([5])).toBeNaN();
  expect(medianOfLast([9, 9, 3, 1, 2, 4], 4)).toBe(2.5);
  expect(medianOfLast([3, 1, 2])).toBe(2);
});

test('the interval of a mean', () => {
  expect(bootstrap([1])).toBeUndefined();
  expect(bootstrap([2, 2, 2])).toEqual([2, 2]);
  // Of two values a resample has the mean 0 or 1 with a chance of 1/4 each.
  expect(bootstrap([0, 1])).toEqual([0, 1]);
  const values = Array.from({ length: 100 }, (_, i) => i / 99);
  const [low, high] = bootstrap(values) as [number, number];
  // The deviation of the mean is about √(1/12/100) = 0.029.
  expect([low, high]).toEqual([expect.closeTo(0.5 - 1.96 * 0.029, 2), expect.closeTo(0.5 + 1.96 * 0.029, 2)]);
  expect(bootstrap(values)).toEqual([low, high]);
});

const result = (row: string, column: string, seed: number, errors: number[], classes = 10): CellResult => ({
  version: 1,
  experiment: 'table1',
  scale: 'paper',
  id: `${row}-${column}-${seed}`,
  model: 'resnet18',
  row,
  column,
  seed,
  epochs: errors.map((top1Error) => ({
    loss: 1,
    top1Error,
    top5Error: 0,
    testLoss: 1,
    seconds: 10,
    saliencySeconds: 0,
  })),
  settings: { classes: Array.from({ length: classes }, (_, i) => `class ${i}`) },
  environment: {},
  finished: '',
});

test('tables: last, best, median, differences of pairs, and the paper’s', () => {
  const results = [
    result('none', 'plain', 0, [0.3, 0.2]),
    result('none', 'plain', 1, [0.3, 0.1]),
    result('cutmix', 'plain', 0, [0.05, 0.15]),
    result('saliencymix', 'plain', 1, [0.5, 0.05]),
    result('saliencymix', 'plain', 0, [0.5, 0.11]),
  ];
  const { tables, seconds, cells } = summaryOf(table1, results);
  expect([seconds, cells]).toEqual([100, 5]);
  const [{ rows, model, column }, ...others] = tables;
  expect([others, model, column]).toEqual([[], 'resnet18', 'plain']);
  expect(rows.map(({ row, seeds }) => [row, seeds])).toEqual([
    ['none', 2],
    ['cutmix', 1],
    ['saliencymix', 2],
  ]);
  const [none, cutmix, saliencymix] = rows;
  expect(none.last).toEqual({
    mean: expect.closeTo(0.15, 12),
    deviation: expect.closeTo(Math.SQRT1_2 / 10, 12),
  });
  expect([cutmix.last.mean, cutmix.best.mean, cutmix.median.mean]).toEqual([
    0.15,
    0.05,
    expect.closeTo(0.1, 12),
  ]);
  expect(saliencymix.differences).toEqual([
    // Of seeds 0 and 1: 0.11 − 0.2 and 0.05 − 0.1.
    {
      to: 'none',
      mean: expect.closeTo(-0.07, 12),
      interval: [expect.closeTo(-0.09, 12), expect.closeTo(-0.05, 12)],
      seeds: 2,
    },
    { to: 'cutmix', mean: expect.closeTo(-0.04, 12), interval: undefined, seeds: 1 },
  ]);
  expect(saliencymix.curve).toEqual([0.5, expect.closeTo(0.08, 12)]);
  expect(saliencymix.paper).toEqual({ error: 7.59, deviation: 0.22 });
  const markdown = experimentMarkdown(summaryOf(table1, results));
  expect(markdown).toMatch(/### resnet18, without crop and flip/);
  expect(markdown).toMatch(
    /\| SaliencyMix \| 2 \| 8\.00 ± 4\.24 \| .*\| −7\.00 \(−9\.00 … −5\.00\) \| .*7\.59 ± 0\.22/,
  );
});

test.each([
  ['cut off', '{"version":1'],
  ['of another version', '{"version":2,"digest":""}'],
  ['changed by hand', JSON.stringify({ ...result('none', 'plain', 0, [0.1]), digest: '0123456789abcdef' })],
])('a result that is %s is no result', (_, text) => {
  expect(() => parseResult(text, 'result.json')).toThrow(/result\.json is damaged/);
});

test('the paper’s numbers stand beside results on data with as many classes alone, and say who ran them', () => {
  const on = (classes: number) => [
    result('none', 'augmented', 0, [0.3], classes),
    result('saliencymix', 'augmented', 0, [0.2], classes),
  ];
  const papers = (experiment: typeof table1, classes: number) =>
    summaryOf(experiment, on(classes)).tables[0].rows.map(({ paper }) => paper?.error);
  expect(papers(table1, 10)).toEqual([4.72, 3.65]);
  expect(papers(table1Cifar100, 100)).toEqual([22.46, 19.29]);
  expect(papers(table1, 100)).toEqual([undefined, undefined]);
  expect(papers(table1Cifar100, 10)).toEqual([undefined, undefined]);
  const markdown = experimentMarkdown(summaryOf(table1, on(10)));
  expect(markdown).toContain('4.72 ± 0.21 (DeVries & Taylor)');
});

test('Cutout’s squares are of 16 pixels on CIFAR-10 and of 8 on CIFAR-100', () => {
  const lengths = (experiment: typeof table1) =>
    experiment.rows.flatMap(({ mixer }) => (mixer?.method === 'cutout' ? [mixer.length] : []));
  expect([table1, table1Cifar100].map(lengths)).toEqual([[16], [8]]);
});

test('rows of table 2 change the network or the images, and all train at every scale', () => {
  const cells = (scale: Scale) => cellsOf(table2, { scale, data: { path: 'demo' }, models: undefined });
  const byRow = new Map(cells('paper').map(({ row, options }) => [row, options]));
  expect(byRow.get('dropblock')).toMatchObject({
    dropBlock: 0.1,
    mixer: { method: 'none' },
    recipe: 'imagenet',
  });
  expect(byRow.get('manifold-mixup')?.manifoldMixup).toBe(true);
  expect(byRow.get('cutout-112')?.mixer).toMatchObject({ length: 112, probability: 1 });
  const count = ({ length }: readonly unknown[]) => length;
  expect(scales.map((scale) => count(cells(scale)))).toEqual([20, 10, 10]);
  // Every option is one that a run has.
  for (const { options } of scales.flatMap(cells))
    expect(() => parse(trainOptions, { ...options, out: 'x' }, 'train options')).not.toThrow();
  const { paper } = summaryOf(table2, [
    { ...result('dropblock', 'recipe', 0, [0.3], 1000), model: 'resnet50', experiment: 'table2' },
  ]).tables[0].rows[0];
  expect(paper).toEqual({ error: 21.87, by: 'Ghiasi et al., DropBlock' });
});

test('settings that are shared name the data, and not where it lies', () => {
  const data = { path: '/home/someone/cifar10.tar', images: 10, fingerprint: 'abc' };
  expect(settingsToShare({ data, test: null, epochs: 3 })).toEqual({
    data: { path: 'cifar10.tar', images: 10, fingerprint: 'abc' },
    test: null,
    epochs: 3,
  });
});
