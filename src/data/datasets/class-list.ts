/** Reads a list of classes: a CSV file of file and label, or a JSONL file of such objects. */
import { promises as fs } from 'node:fs';
import { dataError, systemReason } from '../fail';
import type { ClassList } from '../layout/classes';

/** Names of the two columns, in the order in which they are looked for. */
const FILE = ['file', 'filename', 'file_name', 'path', 'image', 'id', 'name'];
const LABEL = ['label', 'class', 'category', 'target', 'cls'];

/**
 * The label of each file. A JSONL file ends in .jsonl, .ndjson or .json, and every line is an object with a
 * `file` and a `label`; anything else is CSV, with a first line of names (file, label) or without: then these
 * are the first two columns.
 * @throws (rejects) SaliencyMixError DATA for a file that cannot be read, a line that is no such pair, and a
 *   file with two labels
 */
export async function readClassList(file: string): Promise<ClassList> {
  const text = await fs.readFile(file, 'utf8').catch((error: unknown) => {
    throw dataError(file, `cannot be read: ${systemReason(error)}`, error);
  });
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const pairs = /\.(jsonl|ndjson|json)$/i.test(file) ? pairsOfJson(lines) : pairsOfCsv(lines);
  const list = new Map<string, string>();
  for (const { line, pair } of pairs) {
    if (!pair) throw dataError(file, `has a line ${line} that is not a file and its label`);
    const [name, label] = [pair[0].replace(/^\.\//, ''), pair[1]];
    const before = list.get(name);
    if (before !== undefined && before !== label)
      throw dataError(file, `gives "${name}" two labels, "${before}" and "${label}" (line ${line})`);
    list.set(name, label);
  }
  if (list.size === 0) throw dataError(file, 'is an empty list of classes');
  return list;
}

interface Row {
  /** Number of its line, from 1. */
  line: number;
  /** File and label; undefined where the line does not have them. */
  pair: [file: string, label: string] | undefined;
}

function pairsOfJson(lines: readonly string[]): Row[] {
  return lines.flatMap((text, i) => (text.trim() === '' ? [] : [{ line: i + 1, pair: pairIn(text) }]));
}

function pairIn(text: string): Row['pair'] {
  try {
    const fields = JSON.parse(text) as Record<string, unknown>;
    const [file, label] = [FILE, LABEL].map((names) =>
      names.map((name) => wordOf(fields[name])).find(Boolean),
    );
    return file && label ? [file, label] : undefined;
  } catch {
    return undefined;
  }
}

/** A name or a whole number as text; '' for anything else. */
const wordOf = (value: unknown): string =>
  typeof value === 'string' ? value : Number.isInteger(value) ? String(value) : '';

function pairsOfCsv(lines: readonly string[]): Row[] {
  const rows = lines.flatMap((text, i) =>
    text.trim() === '' ? [] : [{ line: i + 1, cells: cellsOf(text) }],
  );
  const names = rows[0]?.cells.map((cell) => cell.toLowerCase()) ?? [];
  const columns = [FILE, LABEL].map((known) => names.findIndex((name) => known.includes(name)));
  const hasNames = columns.every((column) => column >= 0);
  const [file, label] = hasNames ? columns : [0, 1];
  return rows.slice(hasNames ? 1 : 0).map(({ line, cells }) => ({
    line,
    pair: cells[file] && cells[label] ? [cells[file], cells[label]] : undefined,
  }));
}

/** The cells of a line of CSV; in quotation marks, two of them stand for one. */
function cellsOf(line: string): string[] {
  const cells = line.matchAll(/(?:^|[,;\t])(?:\s*"((?:[^"]|"")*)"\s*|([^,;\t]*))/g);
  return [...cells].map(([, inMarks, plain]) => (inMarks?.replaceAll('""', '"') ?? plain).trim());
}
