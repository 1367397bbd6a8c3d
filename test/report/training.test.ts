import { createContext, runInContext } from 'node:vm';
import { trainingReport } from '../../src/report/training';
import type { TrainingRun } from '../../src/report/training-run';

const NASTY = `</script><img src=x onerror="alert('1')">&amp;`;

const step = (i: number, loss = 2 - i / 1000): TrainingRun['steps'][number] => ({
  step: i,
  epoch: 1 + Math.floor(i / 100),
  loss,
  accuracy: 0.5,
  learningRate: 0.1,
  imagesPerSecond: i === 1 ? 10 : 1000 + i,
});
const epoch = (i: number, top1Error: number, top5Error = top1Error / 10): TrainingRun['epochs'][number] => ({
  epoch: i,
  step: 100 * i,
  loss: 1.5,
  accuracy: 0.25,
  top1Error,
  top5Error,
  seconds: 40,
  idle: 0.012,
  saliencySeconds: 0,
});
const named = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}`);
const run = (more: Partial<TrainingRun> = {}): TrainingRun => ({
  title: 'a run',
  status: 'complete',
  settings: { optimizer: { momentum: 0.9 } },
  environment: { node: 'v1' },
  classes: named(10),
  parameters: 272_474,
  steps: Array.from({ length: 300 }, (_, i) => step(i + 1)),
  epochs: [epoch(1, 0.5), epoch(2, 0.25, 0.02), epoch(3, 0.3, 0.015)],
  ...more,
});

interface Embedded {
  title: string;
  figures: { name: string; value: string; more: string; alarm?: boolean }[];
  charts: { id: string; y: string; title: string; series: unknown[]; data: (number | null)[][] }[];
}

const scripts = (page: string) =>
  [...page.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)].map(([, kind, text]) => ({ kind, text }));

function embedded(page: string): Embedded {
  return JSON.parse(scripts(page).find(({ kind }) => kind.includes('application/json'))?.text ?? '');
}

function figures(more: Partial<TrainingRun>): Record<string, string[]> {
  const list = embedded(trainingReport(run(more))).figures;
  return Object.fromEntries(list.map(({ name, value, more: beside }) => [name, [value, beside]]));
}

const chart = (page: string, id: string) =>
  embedded(page).charts.find((one) => one.id === id) as Embedded['charts'][number];

/** Elements of the page that are left open, or closed without having been opened. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const markup = page.replaceAll(/(<(script|style)[^>]*>)[\s\S]*?(<\/\2>)/g, '$1$3');
  for (const [, end, name] of markup.matchAll(/<(\/?)([a-z][a-z0-9]*)\b(?:[^>"]|"[^"]*")*>/g)) {
    if (['meta', 'img'].includes(name)) continue;
    if (!end) open.push(name);
    else if (open.at(-1) === name) open.pop();
    else wrong.push(name);
  }
  return [...open, ...wrong];
}

/** Runs the page's own script with a chart library that notes what it is given. */
function drawn(page: string): { options: Record<string, unknown>; data: unknown[][] }[] {
  const made: { options: Record<string, unknown>; data: unknown[][] }[] = [];
  class uPlot {
    cursor = {};
    constructor(options: Record<string, unknown>, data: unknown[][]) {
      made.push({ options, data });
    }
  }
  const all = scripts(page);
  const json = all.find(({ kind }) => kind.includes('application/json'))?.text;
  const document = {
    documentElement: {},
    getElementById: () => ({ textContent: json }),
    querySelector: (selector: string) =>
      page.includes(`<div class="chart" ${selector.slice(1, -1)}>`) ? { clientWidth: 500 } : null,
  };
  runInContext(
    all.at(-1)?.text ?? '',
    createContext({
      uPlot,
      document,
      getComputedStyle: () => ({ getPropertyValue: () => ' #123456' }),
      matchMedia: () => ({ addEventListener: () => undefined }),
      addEventListener: () => undefined,
    }),
  );
  return made;
}

test('headline figures', () => {
  expect(figures({})).toEqual({
    'Best top-1 error': ['25.00 %', 'epoch 2'],
    'Last top-1 error': ['30.00 %', 'epoch 3'],
    'Best top-5 error': ['1.50 %', 'epoch 3'],
    'Last top-5 error': ['1.50 %', 'epoch 3'],
    'Training loss': ['1.7', 'step 300'],
    'Images per second': ['1,151', 'median of steps'],
    Time: ['2 min 0 s', 'of epochs done; waited 1.20 % of the steps’ time for images'],
    'Epochs done': ['3', '300 steps'],
  });
});

test('the curves are in the page, errors in percent, and the script draws each', () => {
  const page = trainingReport(run());
  expect(chart(page, 'error').data).toEqual([
    [1, 2, 3],
    [50, 25, 30],
    [5, 2, 1.5],
  ]);
  expect(chart(page, 'accuracy').data[1]).toEqual([25, 25, 25]);
  const [steps, raw, means] = chart(page, 'loss').data;
  expect([steps[299], raw[299], means[299]]).toEqual([300, 1.7, 1.7045]);
  expect(drawn(page).map(({ data }) => data)).toEqual(embedded(page).charts.map(({ data }) => data));
  expect(drawn(page)).toHaveLength(5);
});

test('a long run is thinned, not cut: a page of moderate size with the worst step in it', () => {
  const steps = Array.from({ length: 100_000 }, (_, i) => step(i + 1, i === 54_320 ? 9 : 1 + (i % 7) / 10));
  const page = trainingReport(run({ steps }));
  const [x, raw] = chart(page, 'loss').data;
  expect(x.length).toBeLessThan(3003);
  expect(raw[x.indexOf(54_321)]).toBe(9);
  expect([x[0], x.at(-1)]).toEqual([1, 100_000]);
  expect(page.length).toBeLessThan(500_000);
});

test("what users name things is text, in the page and in the script's data", () => {
  const nasty = run({
    title: NASTY,
    settings: { [NASTY]: { inside: NASTY } },
    environment: { path: [NASTY] },
    classes: [NASTY, 'b'],
    confusion: [
      [1, 2],
      [3, 4],
    ],
  });
  const page = trainingReport(nasty);
  expect(page).not.toContain('<img');
  expect(page).not.toContain('onerror="');
  expect(page).toContain('&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;');
  expect(embedded(page).title).toBe(NASTY);
  expect(scripts(page)).toHaveLength(3);
  expect(unbalanced(page)).toEqual([]);
});

test('nothing is fetched, and the browser is told to fetch nothing', () => {
  const page = trainingReport(run({ samples: Uint8Array.from([137, 80, 78, 71]) }));
  expect(page).toContain(`content="default-src 'none';`);
  const sources = [...page.matchAll(/\b(?:src|href)\s*=\s*"([^"]*)"/g)].map(([, what]) => what);
  expect(sources).toEqual(['data:image/png;base64,iVBORw==']);
  expect(page).not.toMatch(/<link|@import|url\(/);
  // The library comes with its licence.
  expect(page).toMatch(/MIT License[\s\S]*Leon Sorokin[\s\S]*var uPlot=/);
});

test('settings and environment under dotted names', () => {
  const page = trainingReport(run());
  expect(page).toContain('<th scope="row">optimizer.momentum</th><td>0.9</td>');
  expect(page).toContain('<th scope="row">node</th><td>v1</td>');
});

test.each<[string, Partial<TrainingRun>]>([
  ['before the first step', { steps: [], epochs: [], status: 'running' }],
  ['after one step', { steps: [step(1)], epochs: [], status: 'running' }],
  ['with one class', { classes: ['only'], confusion: [[5]] }],
  ['with one class that has no images', { classes: ['only'], confusion: [[0]] }],
  ['with 1000 classes', { classes: named(1000), confusion: named(1000).map((_, i) => [i]) }],
  ['with no classes and settings', { classes: [], settings: {}, environment: {} }],
  ['with all losses infinite', { steps: [step(1, Infinity), step(2, Infinity)], status: 'failed' }],
])('a page %s', (_, more) => {
  const page = trainingReport(run(more));
  expect(unbalanced(page)).toEqual([]);
  const filled = embedded(page).charts.filter(({ data }) => data[0].length > 0);
  expect(drawn(page)).toHaveLength(filled.length);
  expect(page.replace(/<script[\s\S]*/, '')).not.toMatch(/undefined|\[object/);
});

test('before the first epoch and the first step there are no figures to show', () => {
  const none = figures({ steps: [], epochs: [] });
  expect(none['Best top-1 error']).toEqual(['–', 'no epoch done']);
  expect(none['Training loss']).toEqual(['–', 'no step done']);
  expect(none['Epochs done']).toEqual(['0', '0 steps']);
});

test('a run that failed says so: the loss it had, curves with a gap, errors that still count', () => {
  const steps = [step(1, 1), step(2, 50_000), step(3, Number.NaN), step(4, Number.NaN)];
  const epochs = [epoch(1, 0.5), epoch(2, Number.NaN)];
  const failed = run({ steps, epochs, status: 'failed' });
  expect(figures(failed)['Training loss']).toEqual(['NaN', 'was 50000 at step 2']);
  expect(figures(failed)['Best top-1 error']).toEqual(['50.00 %', 'epoch 1']);
  expect(figures(failed)['Last top-1 error']).toEqual(['–', 'epoch 2']);
  const page = trainingReport(failed);
  expect(chart(page, 'loss')).toMatchObject({
    y: 'logarithm',
    data: [
      [1, 2, 3, 4],
      [1, 50_000, null, null],
    ],
  });
  expect(page).toContain('<span class="status failed">Failed</span>');
});

test('top-5 error is left out where it is always 0', () => {
  const page = trainingReport(run({ classes: named(5) }));
  expect(chart(page, 'error').data).toHaveLength(2);
  expect(embedded(page).figures.map(({ name }) => name)).not.toContain('Best top-5 error');
});

test('classes by their error, with what they were taken for', () => {
  const confusion = [
    [9, 1, 0],
    [2, 5, 3],
    [0, 0, 0],
  ];
  const page = trainingReport(run({ classes: ['cat', 'dog', 'cow'], confusion }));
  const rows = [
    ...page.matchAll(
      /<th scope="row">(\w+)<\/th><td>(\d+)<\/td><td>([^<]*)<\/td><td class="words">([^<]*)</g,
    ),
  ];
  expect(rows.map(([, ...cells]) => cells)).toEqual([
    ['dog', '10', '50.00 %', 'cow'],
    ['cat', '10', '10.00 %', 'dog'],
    ['cow', '0', '–', '–'],
  ]);
  expect(page).toContain('<td class="right" style="--share:90%" title="cat → cat: 9">9</td>');
  expect(page).toContain('<td style="--share:32%" title="cat → dog: 1">1</td>');
  expect(trainingReport(run({ classes: named(101), confusion: named(101).map(() => [1]) }))).not.toContain(
    '<table class="heat',
  );
});
