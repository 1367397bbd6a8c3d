/** Figures on labels as rows of a table. */
import { percent } from './figures';

/** One row of a report on labels. */
export interface LabelRow {
  method: string;
  scheme: string | null;
  saliency: string | null;
  labelRule: string;
  ghostShare: number;
  meanError: number;
  bySize: readonly { ghostShare: number }[];
}

const HEAD = ['method', 'scheme', 'saliency', 'labels by', 'ghost labels', 'smallest fifth', 'mean error'];

const cellsOf = ({ method, scheme, saliency, labelRule, ghostShare, meanError, bySize }: LabelRow) => [
  method,
  scheme ?? '',
  saliency ?? '',
  labelRule,
  percent(ghostShare, 1),
  percent(bySize[0]?.ghostShare ?? Number.NaN, 1),
  percent(meanError, 1),
];

/** A table in Markdown. */
export function labelMarkdown(rows: readonly LabelRow[]): string {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cellsOf)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A table for a terminal: columns of equal width. */
export function labelText(rows: readonly LabelRow[]): string {
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const aligned = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column]));
  return lines.map((cells) => aligned(cells).join('  ').trimEnd()).join('\n');
}
