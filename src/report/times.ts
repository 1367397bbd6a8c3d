/** The table of how long training takes by method: as Markdown, as text for a terminal, and as a page. */
import { count, counted, duration, percent } from './figures';
import { html, json } from './html';
import { htmlTable, type Lines, markdownTable, textTable } from './table';
import { page } from './training-page';

/** The middle of several times or ratios, and the quartiles. */
export interface Middle {
  median: number;
  quartiles: readonly [low: number, high: number];
}

/** Times are in seconds. */
export interface TimesRow {
  row: string;
  title: string;
  step: Middle;
  /** Of the step to the first row's in the same round. */
  ratio: Middle;
  /** Of one batch that is mixed by itself. */
  mixing: Middle;
  /** Of an epoch of all images. */
  epoch: number;
  /** Hours of all epochs. */
  hours: number;
  /** Hours in the paper. */
  paper?: number;
}

export interface TimesReport {
  title: string;
  reference: string;
  scale: string;
  recipe: string;
  model: string;
  /** Height and width. */
  size: readonly number[];
  batch: number;
  /** Images of an epoch, and epochs. */
  images: number;
  epochs: number;
  rounds: number;
  threads: number;
  provider: string;
  processor: string;
  rows: readonly TimesRow[];
  /** Of the saliency maps of all images of a batch, and of one image. */
  saliency: { all: Middle; one: Middle };
}

/** "1.48 s", "25.3 ms", "0.125 ms". */
function short(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  return `${seconds < 0.001 ? (1000 * seconds).toFixed(3) : (1000 * seconds).toPrecision(3)} ms`;
}

const ratioText = ({ median, quartiles }: Middle) =>
  `${median.toFixed(3)} (${quartiles.map((one) => one.toFixed(3)).join(' … ')})`;

function linesOf({ rows, epochs }: TimesReport): Lines {
  const [{ paper: base }] = rows;
  const ofPaper = (paper?: number) => {
    if (paper === undefined) return ['', ''];
    return [`${paper.toFixed(2)} h`, base === undefined ? '' : (paper / base).toFixed(3)];
  };
  return [
    [
      'method',
      'step',
      'to baseline',
      'mixing a batch',
      'of a step',
      'epoch',
      `${epochs} epochs`,
      'paper, ResNet-18',
      'paper, to baseline',
    ],
    ...rows.map(({ title, step, ratio, mixing, epoch, hours, paper }, i) => [
      title,
      short(step.median),
      i === 0 ? '1' : ratioText(ratio),
      short(mixing.median),
      percent(mixing.median / step.median),
      duration(epoch),
      `${hours.toFixed(2)} h`,
      ...ofPaper(paper),
    ]),
  ];
}

const headingOf = ({ model, size, batch }: TimesReport) =>
  `${model}, ${size.join(' × ')} pixels, batches of ${batch}`;

function notesOf({ rounds, images, epochs, threads, provider, processor, saliency, rows }: TimesReport) {
  const where = provider === 'cpu' ? `${processor}, threads: ${threads}` : `${provider}, ${processor}`;
  const [{ step }] = rows;
  const { all, one } = saliency;
  return [
    `Measured on ${where}, in ${counted(rounds, 'round')} of steps by every method in turn; ratios are within rounds: their median, and the quartiles in brackets. A step lasts from the end of the one before, so reading and mixing count where they take longer than the network. An epoch is ${count(images)} images without a test; ${epochs} epochs are reckoned from it. Other work on the machine changes these times.`,
    `“Mixing a batch” is mixing by itself, with labels and normalisation, without training; in training it goes on while the step before runs. The maps of all images of a batch take ${short(all.median)}, ${percent(all.median / step.median)} of the baseline’s step; of one image, which the released code finds for a whole batch, ${short(one.median)}.`,
  ];
}

export function timesMarkdown(reports: readonly TimesReport[]): string {
  const [{ title, reference, scale, recipe }] = reports;
  const parts = reports.flatMap((report) => [
    `### ${headingOf(report)}`,
    markdownTable(linesOf(report)),
    ...notesOf(report),
  ]);
  return [`## ${title}`, `${reference}. Scale ${scale}, recipe ${recipe}.`, ...parts].join('\n\n');
}

export const timesText = (reports: readonly TimesReport[]): string =>
  reports
    .map((report) =>
      [`${report.title}: ${headingOf(report)}`, textTable(linesOf(report)), ...notesOf(report)].join('\n'),
    )
    .join('\n\n');

export function timesPage(reports: readonly TimesReport[]): string {
  const [{ title, reference, scale, recipe }] = reports;
  const sections = reports.map((report) => {
    const notes = notesOf(report).map((note) => html`<p class="note">${note}</p>\n`);
    return html`<section><h2>${headingOf(report)}</h2>\n${htmlTable(linesOf(report))}\n${notes}</section>\n`;
  });
  const body = html`<header><h1>${title}</h1><p class="about">${reference}</p>
<p class="about">Scale ${scale} · recipe ${recipe}</p></header>
${sections}${json('run', { title, charts: [] })}`;
  return page(title, body);
}
