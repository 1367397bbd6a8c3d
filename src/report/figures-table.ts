/** A table of figures over seeds, in percent: as Markdown, and as text for a terminal. */

import type { Spread } from './experiment';

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
  const [head, ...body] = linesOf(table);
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`);
  return `## ${table.title}\n\n${table.reference}. In percent, mean ± standard deviation over seeds.\n\n${lines.join('\n')}`;
}

export function figuresText(table: FiguresTable): string {
  const lines = linesOf(table);
  const widths = lines[0].map((_, at) => Math.max(...lines.map((cells) => cells[at].length)));
  const aligned = lines.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]))
      .join('  ')
      .trimEnd(),
  );
  return [table.title, ...aligned].join('\n');
}
