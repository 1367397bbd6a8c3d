/** The tables of an experiment: as Markdown, as text for a terminal, and as a page with curves. */
import { count, counted, duration, percent } from './figures';
import { html, json, type Markup, NOTHING } from './html';
import { htmlTable, markdownTable, textTable } from './table';
import { type Chart, chartPlace } from './training-charts';
import { page } from './training-page';

/** Over seeds; the deviation is NaN of one. */
export interface Spread {
  mean: number;
  deviation: number;
}

/** An error in percent, and the deviation over runs where it is told. */
export interface PaperValue {
  readonly error: number;
  readonly deviation?: number;
  /** Who ran it, where that is not the paper's authors. */
  readonly by?: string;
}

/** Of a difference between two rows, over the seeds that both have. */
export interface Difference {
  /** The row that it is to. */
  to: string;
  mean: number;
  /** 95 % of resampled means; undefined for one seed. */
  interval?: readonly [low: number, high: number];
  seeds: number;
}

/** Errors are shares, 0 to 1. */
export interface RowSummary {
  row: string;
  title: string;
  seeds: number;
  /** After the last epoch, at the best of all, and the median of the last ten. */
  last: Spread;
  best: Spread;
  median: Spread;
  differences: readonly Difference[];
  /** Seconds of training, mean over seeds. */
  seconds: number;
  /** Mean test error after each epoch. */
  curve: readonly number[];
  paper?: PaperValue;
}

export interface TableSummary {
  model: string;
  column: string;
  title: string;
  rows: readonly RowSummary[];
}

export interface ExperimentSummary {
  name: string;
  title: string;
  reference: string;
  scale: string;
  recipe: string;
  tables: readonly TableSummary[];
  /** Seconds of all cells. */
  seconds: number;
  cells: number;
}

const SHOWN = 2;

/** "7.59 ± 0.22" */
function spread({ mean, deviation }: Spread): string {
  const shown = (100 * mean).toFixed(SHOWN);
  return Number.isFinite(deviation) ? `${shown} ± ${(100 * deviation).toFixed(SHOWN)}` : shown;
}

const signed = (share: number) => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(SHOWN)}`;

function difference(row: RowSummary, to: string): string {
  const found = row.differences.find((one) => one.to === to);
  if (!found) return '';
  const { mean, interval } = found;
  return interval ? `${signed(mean)} (${interval.map(signed).join(' … ')})` : signed(mean);
}

function paperText({ paper }: RowSummary): string {
  if (!paper) return '';
  const { error, deviation, by } = paper;
  return `${error}${deviation === undefined ? '' : ` ± ${deviation}`}${by === undefined ? '' : ` (${by})`}`;
}

function linesOf({ rows }: TableSummary): string[][] {
  const compared = [...new Set(rows.flatMap(({ differences }) => differences.map(({ to }) => to)))];
  const hasPaper = rows.some(({ paper }) => paper);
  const head = [
    'method',
    'seeds',
    'last',
    'best',
    'median of the last ten',
    ...compared.map((to) => `to ${rows.find(({ row }) => row === to)?.title ?? to}`),
    ...(hasPaper ? ['paper'] : []),
    'time',
  ];
  const body = rows.map((row) => [
    row.title,
    String(row.seeds),
    spread(row.last),
    spread(row.best),
    spread(row.median),
    ...compared.map((to) => difference(row, to)),
    ...(hasPaper ? [paperText(row)] : []),
    duration(row.seconds),
  ]);
  return [head, ...body];
}

/** What a table is of. */
export const headingOf = ({ model, title }: TableSummary) => `${model}, ${title}`;

/** What the columns mean, once for all tables. */
export const LEGEND =
  'Top-1 error in percent: mean ± standard deviation over seeds, after the last epoch, at the best of all, and the median of the last ' +
  'ten. Differences are of pairs with the same seed, after the last epoch, with 95 % of resampled means in brackets: ' +
  'of two or three pairs these are no more than the least and the greatest. Time is of one run.';

export function experimentMarkdown(report: ExperimentSummary): string {
  const tables = report.tables.map((table) => `### ${headingOf(table)}\n\n${markdownTable(linesOf(table))}`);
  const about = `${report.reference}. Scale ${report.scale}, recipe ${report.recipe}: ${counted(report.cells, 'run')}, ${duration(report.seconds)} in all.`;
  return [`## ${report.title}`, about, LEGEND, ...tables].join('\n\n');
}

/** Tables for a terminal. */
export function experimentText(report: ExperimentSummary): string {
  return report.tables
    .map((table) => `${report.title}: ${headingOf(table)}\n${textTable(linesOf(table))}`)
    .join('\n\n');
}

const COLOURS = ['ink', 'orange', 'green', 'purple', 'red', 'cyan', 'brown', 'faint', 'blue'] as const;

/**
 * The errors that the curves of a table are drawn for, in percent: from the lowest of all to the greatest after the first third of
 * the epochs, in fives. What is higher is cut off, as it would press together what the methods differ in.
 */
export function errorRange({ rows }: TableSummary): [number, number] {
  const settled = rows.flatMap(({ curve }) =>
    curve.slice(Math.min(curve.length - 1, Math.ceil(curve.length / 3))),
  );
  const low = Math.floor((100 * Math.min(...rows.flatMap(({ curve }) => curve))) / 5) * 5;
  return [low, Math.max(low + 5, Math.ceil((100 * Math.max(...settled)) / 5) * 5)];
}

/** The first rows are drawn in the order of the colours; more than there are colours are dashed. */
function curvesOf(table: TableSummary, at: number): Chart {
  const epochs = Math.max(...table.rows.map(({ curve }) => curve.length));
  const rows = table.rows.map(({ curve }) =>
    Array.from({ length: epochs }, (_, i) =>
      i < curve.length ? Number((100 * curve[i]).toPrecision(6)) : null,
    ),
  );
  return {
    id: `curves${at}`,
    title: headingOf(table),
    y: 'percent',
    range: errorRange(table),
    x: 'epoch',
    series: table.rows.map(({ title }, i) => ({
      label: title,
      colour: COLOURS[i % COLOURS.length],
      ...(i >= COLOURS.length && { dashed: true as const }),
    })),
    data: [Array.from({ length: epochs }, (_, i) => i + 1), ...rows],
  };
}

const tableSection = (table: TableSummary): Markup =>
  html`<section><h2>${headingOf(table)}</h2>\n${htmlTable(linesOf(table))}</section>\n`;

/** What the rows of a table were trained on. */
function sheetSection(table: TableSummary, sheet: Uint8Array | undefined): Markup {
  if (!sheet) return NOTHING;
  const data = Buffer.from(sheet.buffer, sheet.byteOffset, sheet.length).toString('base64');
  return html`<section><h2>What was trained on: ${headingOf(table)}</h2>
<img alt="The same images as each method mixes them" src="data:image/png;base64,${data}"></section>\n`;
}

/**
 * A page of several experiments.
 * @param sheets of tables, pictures of what their rows were trained on: PNG
 */
export function experimentPage(
  reports: readonly ExperimentSummary[],
  sheets: ReadonlyMap<TableSummary, Uint8Array> = new Map(),
): string {
  const charts = reports.flatMap(({ tables }) => tables).map(curvesOf);
  let at = 0;
  const parts = reports.map((report) => {
    const own = charts.slice(at, (at += report.tables.length));
    const best = report.tables.flatMap(({ rows }) => rows).toSorted((a, b) => a.last.mean - b.last.mean)[0];
    const about = `${counted(report.cells, 'run')} · ${duration(report.seconds)} in all · lowest error ${percent(best.last.mean)}: ${best.title}`;
    return html`<header><h1>${report.title}</h1><p class="about">${report.reference}</p>
<p class="about">Scale ${report.scale} · recipe ${report.recipe} · ${about}</p></header>
${report.tables.map(tableSection)}
<div class="charts">${own.map(chartPlace)}</div>
${report.tables.map((table) => sheetSection(table, sheets.get(table)))}\n`;
  });
  const title = reports.map((report) => report.title).join(', ');
  const body = html`${parts}<p class="note">${LEGEND} Curves are means over seeds.</p>
<noscript><p class="note">The curves are drawn by a script in this page, which this browser does not run.</p></noscript>
${json('run', { title, charts, cells: count(reports.reduce((sum, { cells }) => sum + cells, 0)) })}`;
  return page(title, body);
}
