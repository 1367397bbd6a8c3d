/** Reads a list of classes: a CSV file of file and label, or a JSONL file of such objects. */
import { dataError } from '../fail';
import type { ClassList } from '../layout/classes';
import type { Limits } from '../limits';
import { linesOf } from '../lines';
import { isUnicode } from './names';

/** Names of the two columns, in the order in which they are looked for. */
const FILE = ['file', 'filename', 'file_name', 'path', 'image', 'id', 'name'];
const LABEL = ['label', 'class', 'category', 'target', 'cls'];

/**
 * The label of each file. A JSONL file ends in .jsonl, .ndjson or .json, and every line is an object with a
 * `file` and a `label`; anything else is CSV, with a first line of names (file, label) or without: then these
 * are the first two columns.
 * @throws (rejects) SaliencyMixError DATA for a file that cannot be read or is too large, a line that is no such
 *   pair, and a file with two labels
 */
export async function readClassList(file: string, limits: Limits): Promise<ClassList> {
  const pairOf = /\.(jsonl|ndjson|json)$/i.test(file) ? pairIn : csvReader();
  const list = new Map<string, string>();
  for await (const { text, number } of linesOf(file, limits)) {
    if (text.trim() === '') continue;
    const pair = pairOf(text);
    if (pair === 'names') continue;
    if (!pair) throw dataError(file, `has a line ${number} that is not a file and its label`);
    const [name, label] = [pair[0].replace(/^\.\//, ''), pair[1]];
    const before = list.get(name);
    if (before !== undefined && before !== label)
      throw dataError(file, `gives "${name}" two labels, "${before}" and "${label}" (line ${number})`);
    list.set(name, label);
  }
  if (list.size === 0) throw dataError(file, 'is an empty list of classes');
  return list;
}

/** File and label; undefined for a line that does not have them, `names` for one with the names of the columns. */
type Pair = [file: string, label: string] | 'names' | undefined;

function pairIn(text: string): Pair {
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
  typeof value === 'string' && isUnicode(value) ? value : Number.isInteger(value) ? String(value) : '';

/** Reads one line after the other; the first can have names. */
function csvReader(): (line: string) => Pair {
  let columns: number[] | undefined;
  return (line) => {
    const cells = cellsOf(line);
    if (!columns) {
      const names = cells.map((cell) => cell.toLowerCase());
      const found = [FILE, LABEL].map((known) => names.findIndex((name) => known.includes(name)));
      const hasNames = found.every((column) => column >= 0);
      columns = hasNames ? found : [0, 1];
      if (hasNames) return 'names';
    }
    const [file, label] = columns.map((column) => cells[column]);
    return file && label ? [file, label] : undefined;
  };
}

/** The cells of a line of CSV; in quotation marks, two of them stand for one. */
function cellsOf(line: string): string[] {
  const cells = line.matchAll(/(?:^|[,;\t])(?:\s*"((?:[^"]|"")*)"\s*|([^,;\t]*))/g);
  return [...cells].map(([, inMarks, plain]) => (inMarks?.replaceAll('""', '"') ?? plain).trim());
}
