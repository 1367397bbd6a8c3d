/**
 * The page of a training run: main figures, curves, samples, classes, settings. One HTML file that loads no
 * other.
 */
import { median } from './curves';
import { count, counted, duration, figure, percent } from './figures';
import { html, json, type Markup, NOTHING } from './html';
import { chartPlace, hasTop5, trainingCharts } from './training-charts';
import { page } from './training-page';
import type { TrainingRun } from './training-run';
import { classesSection, epochsTable, settingsTable } from './training-tables';

interface Figure {
  name: string;
  value: string;
  more: string;
  alarm?: true;
}

function errorFigures({ epochs }: TrainingRun, what: 'top1Error' | 'top5Error', name: string): Figure[] {
  const last = epochs.at(-1);
  const finite = epochs.filter((epoch) => Number.isFinite(epoch[what]));
  const best = finite.reduce<typeof last>((a, b) => (a && a[what] <= b[what] ? a : b), undefined);
  const shown = (epoch: typeof last) => ({
    value: epoch ? percent(epoch[what]) : '–',
    more: epoch ? `epoch ${epoch.epoch}` : 'no epoch done',
  });
  return [
    { name: `Best ${name} error`, ...shown(best) },
    { name: `Last ${name} error`, ...shown(last) },
  ];
}

function lossFigure({ steps }: TrainingRun): Figure {
  const name = 'Training loss';
  const last = steps.at(-1);
  if (!last) return { name, value: '–', more: 'no step done' };
  if (Number.isFinite(last.loss)) return { name, value: figure(last.loss), more: `step ${count(last.step)}` };
  const finite = steps.findLast(({ loss }) => Number.isFinite(loss));
  const more = finite ? `was ${figure(finite.loss)} at step ${count(finite.step)}` : 'at every step';
  return { name, value: String(last.loss), more, alarm: true };
}

/** How much of the epochs' time the trainer waited for images, where that is known. */
function aboutTime(epochs: TrainingRun['epochs']): string {
  const idle = median(epochs.map((epoch) => epoch.idle));
  const saliency = median(epochs.map(({ seconds, saliencySeconds }) => saliencySeconds / seconds));
  return [
    'of epochs done',
    ...(Number.isFinite(idle) ? [`waited ${percent(idle)} of the steps’ time for images`] : []),
    ...(saliency > 0 ? [`${percent(saliency)} of the time for saliency`] : []),
  ].join('; ');
}

function figures(run: TrainingRun): Figure[] {
  const { steps, epochs } = run;
  const speed = median(steps.map(({ imagesPerSecond }) => imagesPerSecond));
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  return [
    ...errorFigures(run, 'top1Error', 'top-1'),
    ...(hasTop5(run) ? errorFigures(run, 'top5Error', 'top-5') : []),
    lossFigure(run),
    {
      name: 'Images per second',
      value: Number.isFinite(speed) ? count(Math.round(speed)) : '–',
      more: 'median of steps',
    },
    { name: 'Time', value: epochs.length > 0 ? duration(seconds) : '–', more: aboutTime(epochs) },
    {
      name: 'Epochs done',
      value: count(epochs.at(-1)?.epoch ?? 0),
      more: counted(steps.at(-1)?.step ?? 0, 'step'),
    },
  ];
}

const STATUS: Record<TrainingRun['status'], string> = {
  running: 'Running',
  complete: 'Complete',
  stopped: 'Stopped before its end',
  failed: 'Failed',
};

function heading({ title, status, classes, parameters }: TrainingRun, headline: readonly Figure[]): Markup {
  const list = headline.map(
    ({ name, value, more, alarm }) =>
      html`<div><dt>${name}</dt><dd class="value${alarm ? ' alarm' : ''}">${value}</dd><dd class="more">${more}</dd></div>\n`,
  );
  const about = `${counted(parameters, 'parameter')} · ${counted(classes.length, 'class', 'classes')}`;
  return html`<header><h1>${title}</h1>
<p class="about"><span class="status ${status}">${STATUS[status]}</span> · ${about}</p>
<dl class="figures of-${headline.length}">${list}</dl></header>\n`;
}

function samplesSection({ samples }: TrainingRun): Markup {
  if (!samples) return NOTHING;
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.length).toString('base64');
  return html`<section><h2>What the model was trained on</h2>
<img alt="Samples of the images and labels that the model was trained on"
src="data:image/png;base64,${data}"></section>\n`;
}

/** The HTML page of a run, also of one that has no step yet or has failed. */
export function trainingReport(run: TrainingRun): string {
  const charts = trainingCharts(run);
  const headline = figures(run);
  const body = html`${heading(run, headline)}
<noscript><p class="note">The curves are drawn by a script in this page, which this browser does not run.</p></noscript>
<div class="charts">${charts.map(chartPlace)}</div>
${epochsTable(run.epochs, hasTop5(run))}
${samplesSection(run)}
${classesSection(run)}
<div class="pair">${settingsTable('Settings', run.settings)}${settingsTable('Environment', run.environment)}</div>
${json('run', { title: run.title, status: run.status, figures: headline, charts })}`;
  return page(run.title, body);
}
