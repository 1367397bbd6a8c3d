/** The curves of a training run as data for the script of the page. */
import { thinned, trailingMeans } from './curves';
import { html, type Markup } from './html';
import type { TrainingRun } from './training-run';

interface Series {
  label: string;
  /** Name of a CSS variable of the page, so that the colour fits a light or dark page. */
  colour: 'blue' | 'orange' | 'green' | 'blue-faint' | 'purple' | 'red' | 'cyan' | 'brown' | 'faint' | 'ink';
  dashed?: true;
  thin?: true;
}

export interface Chart {
  id: string;
  title: string;
  /** Scale and labels of the y axis. */
  y: 'percent' | 'number' | 'logarithm';
  /** Where the y axis of percents begins and ends; from 0 to the greatest unless given. */
  range?: readonly [number, number];
  x: 'step' | 'epoch';
  series: Series[];
  /** The x values, then the values of each series; null where one is not finite. */
  data: (number | null)[][];
}

/** Curves are thinned to so many parts: more points than a screen has columns. */
const BUCKETS = 1000;

/** Six digits, more than a screen shows: most of the page's bytes are these numbers. */
const short = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(6)) : null);
const shares = (values: readonly number[]) => values.map((value) => short(100 * value));

/**
 * Whether values need a logarithmic scale. On a linear one, losses of a run that diverged would be a flat line
 * and one jump.
 */
function wide(values: readonly number[]): boolean {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return false;
  const min = finite.reduce((a, b) => Math.min(a, b));
  return min > 0 && finite.reduce((a, b) => Math.max(a, b)) >= 1000 * min;
}

/** A chart of a value at each step, as a thin line. */
function stepChart(
  steps: TrainingRun['steps'],
  id: 'loss' | 'learningRate' | 'imagesPerSecond',
  title: string,
): Chart {
  const values = steps.map((step) => step[id]);
  const at = thinned(values, BUCKETS);
  return {
    id,
    title,
    y: 'number',
    x: 'step',
    series: [{ label: 'each step', colour: 'blue', thin: true }],
    data: [at.map((i) => steps[i].step), at.map((i) => short(values[i]))],
  };
}

/** The same, with a mean over many steps where there are enough of them. */
function noisyChart(steps: TrainingRun['steps'], id: 'loss' | 'imagesPerSecond', title: string): Chart {
  const chart = stepChart(steps, id, title);
  const values = steps.map((step) => step[id]);
  const window = Math.max(10, Math.round(values.length / 100));
  if (values.length < 2 * window) return chart;
  const means = trailingMeans(values, thinned(values, BUCKETS), window).map(short);
  return {
    ...chart,
    series: [
      { label: 'each step', colour: 'blue-faint', thin: true },
      { label: `mean of ${window} steps`, colour: 'blue' },
    ],
    data: [...chart.data, means],
  };
}

function lossChart(steps: TrainingRun['steps']): Chart {
  const chart = noisyChart(steps, 'loss', 'Training loss');
  if (!wide(steps.map(({ loss }) => loss))) return chart;
  return { ...chart, title: `${chart.title} (logarithmic)`, y: 'logarithm' };
}

function errorChart(epochs: TrainingRun['epochs'], top5: boolean): Chart {
  const second: Series[] = top5 ? [{ label: 'top-5', colour: 'green', dashed: true }] : [];
  return {
    id: 'error',
    title: 'Test error',
    y: 'percent',
    x: 'epoch',
    series: [{ label: 'top-1', colour: 'orange' }, ...second],
    data: [
      epochs.map(({ epoch }) => epoch),
      shares(epochs.map(({ top1Error }) => top1Error)),
      ...(top5 ? [shares(epochs.map(({ top5Error }) => top5Error))] : []),
    ],
  };
}

function accuracyChart(epochs: TrainingRun['epochs']): Chart {
  return {
    id: 'accuracy',
    title: 'Training accuracy, on mixed labels',
    y: 'percent',
    x: 'epoch',
    series: [{ label: 'accuracy', colour: 'blue' }],
    data: [epochs.map(({ epoch }) => epoch), shares(epochs.map(({ accuracy }) => accuracy))],
  };
}

/** Whether top-5 errors are shown: with five classes or fewer they are always 0. */
export const hasTop5 = ({ classes }: TrainingRun): boolean => classes.length > 5;

export function trainingCharts(run: TrainingRun): Chart[] {
  return [
    errorChart(run.epochs, hasTop5(run)),
    accuracyChart(run.epochs),
    lossChart(run.steps),
    stepChart(run.steps, 'learningRate', 'Learning rate'),
    noisyChart(run.steps, 'imagesPerSecond', 'Images per second'),
  ];
}

/** The element of a chart, which the script of the page draws in. */
export function chartPlace({ id, title, x, data }: Chart): Markup {
  const size = id === 'loss' ? 'whole' : 'half';
  const none = x === 'epoch' ? 'No epoch is done yet.' : 'No step is done yet.';
  const body =
    data[0].length > 0
      ? html`<div class="chart" data-chart="${id}"></div>`
      : html`<p class="none">${none}</p>`;
  return html`<figure class="${size}"><figcaption>${title}</figcaption>${body}</figure>\n`;
}
