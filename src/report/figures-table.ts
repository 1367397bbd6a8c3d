/** A table of figures over seeds, in percent: as Markdown, and as text for a terminal. */

import type { Spread } from './experiment';
import { markdownTable, textTable } from './table';

export interface FiguresTable {
  title: string;
  reference: string;
  /** Headings of the figures. */
  head: readonly string[];
  /** Heading of what a paper has, where it has any. */
  paper?: string;
  rows: readonly { title: string; seeds: number; values: readonly Spread[]; paper?: string }[];
}

function shown({ mean, deviation }: Spread): string {
  const plain = (100 * mean).toFixed(1);
  return Number.isFinite(deviation) ? `${plain} ± ${(100 * deviation).toFixed(1)}` : plain;
}

function linesOf({ head, paper, rows }: FiguresTable): string[][] {
  const last = (text = '') => (paper === undefined ? [] : [text]);
  return [
    ['method', 'seeds', ...head, ...last(paper)],
    ...rows.map((row) => [row.title, String(row.seeds), ...row.values.map(shown), ...last(row.paper)]),
  ];
}

export function figuresMarkdown(table: FiguresTable): string {
  return `## ${table.title}\n\n${table.reference}. In percent, mean ± standard deviation over seeds.\n\n${markdownTable(linesOf(table))}`;
}

export const figuresText = (table: FiguresTable): string => `${table.title}\n${textTable(linesOf(table))}`;
