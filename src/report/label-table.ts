/** Figures on labels as rows of a table. */
import { percent } from './figures';
import { markdownTable, textTable } from './table';

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
export const labelMarkdown = (rows: readonly LabelRow[]): string =>
  markdownTable([HEAD, ...rows.map(cellsOf)]);

/** A table for a terminal. */
export const labelText = (rows: readonly LabelRow[]): string => textTable([HEAD, ...rows.map(cellsOf)]);
