/** Tables of a training run's page: settings, epochs, and errors by class. */
import { count, duration, figure, percent } from './figures';
import { html, type Markup, NOTHING } from './html';
import { flattened } from './settings';
import type { TrainingRun } from './training-run';

/** With more classes than this, the confusion table would not be readable. */
const MAX_HEAT_TABLE_CLASSES = 100;
/** Up to so many classes, its cells are large enough for numbers. */
const MAX_NUMBERED_CLASSES = 20;

export function settingsTable(title: string, data: Record<string, unknown>): Markup {
  const rows = flattened(data).map(
    ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`,
  );
  if (rows.length === 0) return NOTHING;
  return html`<section><h2>${title}</h2><table class="settings"><tbody>${rows}</tbody></table></section>\n`;
}

/** The values of each epoch as a table, for readers who cannot see the curves or want to copy numbers. */
export function epochsTable(epochs: TrainingRun['epochs'], top5: boolean): Markup {
  if (epochs.length === 0) return NOTHING;
  const heading = html`<tr><th scope="col">Epoch</th><th scope="col">Step</th><th scope="col">Training loss</th>
    <th scope="col">Training accuracy</th><th scope="col">Test error, top-1</th>${
      top5 ? html`<th scope="col">top-5</th>` : NOTHING
    }<th scope="col">Time</th></tr>`;
  const rows = epochs.map(
    ({ epoch, step, loss, accuracy, top1Error, top5Error, seconds }) =>
      html`<tr><td>${epoch}</td><td>${count(step)}</td><td>${figure(loss)}</td><td>${percent(accuracy)}</td><td>${percent(
        top1Error,
      )}</td>${top5 ? html`<td>${percent(top5Error)}</td>` : NOTHING}<td>${duration(seconds)}</td></tr>\n`,
  );
  return html`<details><summary>Epochs as numbers</summary><div class="scroll"><table class="numbers">
    <thead>${heading}</thead><tbody>${rows}</tbody></table></div></details>\n`;
}

interface ClassResult {
  name: string;
  images: number;
  /** Share of its images that were taken for another class; NaN where it has no images. */
  error: number;
  /** The class it was most often taken for, by mistake. */
  takenFor?: string;
}

function classResults(classes: readonly string[], confusion: readonly (readonly number[])[]): ClassResult[] {
  return confusion.map((row, truth) => {
    const images = row.reduce((sum, n) => sum + n, 0);
    const worst = row.reduce((max, n, i) => (i !== truth && n > (row[max] ?? 0) ? i : max), -1);
    return { name: classes[truth], images, error: 1 - row[truth] / images, takenFor: classes[worst] };
  });
}

function classTable(results: readonly ClassResult[]): Markup {
  // Classes without images have no error and come last.
  const rank = ({ error }: ClassResult) => (Number.isNaN(error) ? -1 : error);
  const sorted = results.toSorted((a, b) => rank(b) - rank(a));
  const rows = sorted.map(
    ({ name, images, error, takenFor }) =>
      html`<tr><th scope="row">${name}</th><td>${count(images)}</td><td>${percent(error)}</td><td class="words">${takenFor ?? '–'}</td></tr>\n`,
  );
  return html`<div class="scroll"><table class="numbers"><thead><tr><th scope="col">Class</th><th scope="col">Images</th>
    <th scope="col">Error</th><th scope="col" class="words">Most often taken for</th></tr></thead><tbody>${rows}</tbody></table></div>\n`;
}

function heatRow(
  classes: readonly string[],
  row: readonly number[],
  truth: number,
  numbers: boolean,
): Markup {
  const images = row.reduce((sum, n) => sum + n, 0);
  const cells = row.map((n, i) => {
    if (n === 0) return html`<td></td>`;
    // The square root makes mistakes visible: most are a few percent of a row.
    const share = Math.round(100 * (i === truth ? n / images : Math.sqrt(n / images)));
    const title = `${classes[truth]} → ${classes[i]}: ${n}`;
    const right = i === truth ? html` class="right"` : NOTHING;
    return html`<td${right} style="--share:${share}%" title="${title}">${numbers ? n : ''}</td>`;
  });
  return html`<tr><th scope="row">${classes[truth]}</th>${cells}</tr>\n`;
}

function heatTable(classes: readonly string[], confusion: readonly (readonly number[])[]): Markup {
  const numbers = classes.length <= MAX_NUMBERED_CLASSES;
  const names = classes.map((name) => html`<th scope="col"><span>${name}</span></th>`);
  const rows = confusion.map((row, truth) => heatRow(classes, row, truth, numbers));
  return html`<div class="scroll tall"><table class="heat ${numbers ? 'roomy' : 'dense'}"><thead><tr><td></td>${names}</tr></thead>
    <tbody>${rows}</tbody></table></div>\n`;
}

const HEAT_NOTE = html`<p class="note">Rows: the true class. Columns: what the model took it for. Right in blue;
    mistakes in orange, which deepens with the square root of their share of the row.</p>\n`;

export function classesSection({ classes, confusion }: TrainingRun): Markup {
  if (!confusion || confusion.length === 0) return NOTHING;
  const heat = classes.length <= MAX_HEAT_TABLE_CLASSES;
  const table = classTable(classResults(classes, confusion));
  return html`<section><h2>Classes</h2>${heat ? HEAT_NOTE : NOTHING}
    <div class="beside">${heat ? heatTable(classes, confusion) : NOTHING}${table}</div></section>\n`;
}
