/** Experiments on the networks that another experiment has trained. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Opening } from '../data/datasets/format';
import { SaliencyMixError } from '../errors';
import type { Spread } from '../report/experiment';
import { writeWhole } from '../run/files';
import { CHECKPOINT } from '../train/train';
import { stateOfTest } from './cell-data';
import type { Cell } from './cells';
import { readResult } from './result';
import { deviation, mean } from './statistics';

/** A network to be measured. */
export interface Subject {
  checkpoint: string;
  data: Opening;
  /** So many of the images, drawn at random; all unless given. */
  limit?: number;
  signal?: AbortSignal;
}

export interface Measured {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly reference: string;
  /** The experiment whose networks are measured. */
  readonly of: 'table1';
  /** What is measured, in percent, as headings. */
  readonly columns: readonly string[];
  readonly measure: (subject: Subject) => Promise<number[]>;
  /** What the paper has, by row. */
  readonly paper?: { readonly title: string; readonly values: Readonly<Record<string, string>> };
}

/** A line: figures over seeds. */
export interface MeasuredRow {
  row: string;
  column: string;
  seeds: number;
  /** Shares, 0 to 1, one for each heading. */
  values: Spread[];
}

/** The figures of a cell's network, measured now or before. */
async function figuresOf(
  measured: Measured,
  folder: string,
  subject: Omit<Subject, 'checkpoint'>,
  data: unknown,
): Promise<number[]> {
  const file = join(folder, `${measured.name}.json`);
  const known = await readFile(file, 'utf8').catch(() => undefined);
  const network = (await readResult(folder))?.finished;
  const wanted = JSON.stringify({ columns: measured.columns, limit: subject.limit, network, data });
  if (known !== undefined) {
    try {
      const { of, figures } = JSON.parse(known) as { of: string; figures: number[] };
      if (of === wanted && figures.length === measured.columns.length) return figures;
    } catch {
      // Damaged, or of other settings: measured anew.
    }
  }
  const figures = await measured.measure({ ...subject, checkpoint: join(folder, CHECKPOINT) });
  await writeWhole(file, `${JSON.stringify({ of: wanted, figures })}\n`);
  return figures;
}

/**
 * Those of the cells whose networks are there.
 * @param of the experiment whose cells they are
 * @throws (rejects) SaliencyMixError DATA where none is
 */
export async function trainedCells(cells: readonly Cell[], out: string, of: string): Promise<Cell[]> {
  const done: Cell[] = [];
  for (const cell of cells) {
    const folder = join(out, cell.id);
    if ((await readResult(folder)) && existsSync(join(folder, CHECKPOINT))) done.push(cell);
  }
  if (done.length > 0) return done;
  throw new SaliencyMixError(
    'DATA',
    `${out} has no networks of ${of} at this scale: train them first (experiment run ${of}, with the same --data, --scale, --recipe and --out)`,
    { file: out },
  );
}

/**
 * Measures the networks of the cells that are done.
 * @throws (rejects) SaliencyMixError DATA where none is; what the measure does
 */
export async function runMeasured(
  measured: Measured,
  cells: readonly Cell[],
  {
    out,
    onProgress,
    ...subject
  }: Omit<Subject, 'checkpoint'> & {
    out: string;
    onProgress?: (done: number, total: number) => void;
  },
): Promise<MeasuredRow[]> {
  const done = await trainedCells(cells, out, measured.of);
  const data = await stateOfTest(subject.data);
  const lines = new Map<string, { cell: Cell; figures: number[][] }>();
  for (const [i, cell] of done.entries()) {
    subject.signal?.throwIfAborted();
    const figures = await figuresOf(measured, join(out, cell.id), subject, data);
    const key = `${cell.row} ${cell.column}`;
    const line = lines.get(key) ?? { cell, figures: [] };
    line.figures.push(figures);
    lines.set(key, line);
    onProgress?.(i + 1, done.length);
  }
  return Array.from(lines.values(), ({ cell: { row, column }, figures }) => ({
    row,
    column,
    seeds: figures.length,
    values: measured.columns.map((_, k) => {
      const values = figures.map((own) => own[k]);
      return { mean: mean(values), deviation: deviation(values) };
    }),
  }));
}
