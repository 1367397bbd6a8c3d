import { median, thinned, trailingMeans } from '../../src/report/curves';
import { duration, figure } from '../../src/report/figures';
import { flattened, settingsMarkdown } from '../../src/report/settings';

test('a short series is shown whole', () => {
  expect(thinned([], 4)).toEqual([]);
  expect(thinned([5], 4)).toEqual([0]);
  expect(thinned([1, 2, 3, 4, 5, 6, 7, 8], 4)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('a long series keeps its peaks, its gaps, and its ends', () => {
  const values = Array.from({ length: 100_000 }, (_, i) => Math.sin(i / 5000));
  values[777] = 50;
  values[778] = -50;
  values[54_321] = Number.NaN;
  values[99_999] = Number.POSITIVE_INFINITY;
  const kept = thinned(values, 1000);
  expect(kept.length).toBeLessThanOrEqual(3002);
  expect(kept).toEqual([...new Set(kept)].toSorted((a, b) => a - b));
  for (const i of [0, 777, 778, 54_321, 99_999]) expect(kept).toContain(i);
});

test('trailing means leave out what is not finite, and do not remember what has passed', () => {
  const values = [1, 3, Number.NaN, 5, 1e300, 7, 9];
  expect(trailingMeans(values, [0, 1, 2, 3, 6], 2)).toEqual([1, 2, Number.NaN, 5, 8]);
});

test('medians', () => {
  expect(median([9, 1, Number.NaN, 5])).toBe(5);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('numbers and times in words', () => {
  expect([0, 0.000012345, 1.234567, 123_456, 1e9, Number.NaN].map(figure)).toEqual([
    '0',
    '1.234e-5',
    '1.2346',
    '123460',
    '1.000e+9',
    'NaN',
  ]);
  expect([0.25, 59.99, 60, 3599.6, 36_000, Number.NaN].map(duration)).toEqual([
    '0.3 s',
    '60.0 s',
    '1 min 0 s',
    '1 h 0 min',
    '10 h 0 min',
    '–',
  ]);
});

test('settings under dotted names, in order', () => {
  const settings = { a: { b: { c: 1 }, d: [1, 'x'] }, e: null, f: undefined, g: {}, h: true, i: 'words' };
  expect(flattened(settings)).toEqual([
    ['a.b.c', '1'],
    ['a.d', '[1,"x"]'],
    ['e', 'null'],
    ['g', '{}'],
    ['h', 'true'],
    ['i', 'words'],
  ]);
  expect(settingsMarkdown({ path: '/a_b|c\nd', on: true })).toBe(
    '| setting | value |\n| --- | --- |\n| path | /a\\_b\\|c d |\n| on | true |',
  );
});
