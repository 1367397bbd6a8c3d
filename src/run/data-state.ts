/** Whether the files that a run reads are those that it was begun with. */
import { createHash, type Hash } from 'node:crypto';
import { DIGEST, type FileMarks, marksOf, NUMBERS } from '../data/file-marks';
import type { Dataset } from '../data/dataset';
import type { StoredFiles } from '../data/source';
import { SaliencyMixError } from '../errors';
import type { Signal } from '../types';

/**
 * By class, or by archive: how many files, and digests over their names and sizes, over their dates and, with `strict`, over
 * their content. `"24 5d41402abc4b 2a76b9719d91"`. For a million images a thousand lines, not a million.
 */
export type DataState = Readonly<Record<string, string>>;

/** What a run finds when it starts; of drawn data, which has no files, nothing. */
export interface FoundData {
  path: string;
  files: StoredFiles;
  marks: FileMarks;
  state: DataState;
}

/** Half of the digest's bytes are enough for what is compared with one other. */
const shortened = (hash: Hash) => hash.digest('hex').slice(0, 12);

function stateOf(files: StoredFiles, { numbers, contents }: FileMarks): DataState {
  const groups = new Map<string, { count: number; hashes: Hash[] }>();
  for (let i = 0; i < files.count; i++) {
    const name = files.groupOf(i);
    let group = groups.get(name);
    if (!group) {
      const hashes = Array.from({ length: contents ? 3 : 2 }, () => createHash('sha256'));
      group = { count: 0, hashes };
      groups.set(name, group);
    }
    group.count++;
    const [sizes, dates, content] = group.hashes;
    sizes.update(`${files.nameOf(i)}\0${numbers[NUMBERS * i]}\n`);
    dates.update(`${numbers[NUMBERS * i + 1]}\n`);
    if (contents) content.update(contents.subarray(DIGEST * i, DIGEST * (i + 1)));
  }
  return Object.fromEntries(
    [...groups].map(([name, { count, hashes }]) => [name, [count, ...hashes.map(shortened)].join(' ')]),
  );
}

/**
 * Looks at the files of a data set. @param strict at their content, too
 * @throws (rejects) the signal's reason when aborted
 */
export async function findData(
  { path, source }: Dataset,
  strict: boolean,
  signal?: Signal,
): Promise<FoundData | undefined> {
  const { files } = source;
  if (!files) return undefined;
  const marks = await marksOf(files, strict, signal);
  return { path, files, marks, state: stateOf(files, marks) };
}

/** Whether two data sets are read from the same files, as two splits of one archive are. */
function areSame(one: StoredFiles, other: StoredFiles): boolean {
  if (one.count !== other.count) return false;
  const pathOf = (files: StoredFiles, index: number) => Buffer.from(files.pathOf(index) as string);
  for (let i = 0; i < one.count; i++) if (!pathOf(one, i).equals(pathOf(other, i))) return false;
  return true;
}

/** Does findData with several data sets, and looks once at files that two of them are read from. */
export async function findEach(
  datasets: Readonly<Record<string, Dataset | undefined>>,
  strict: boolean,
  signal?: Signal,
): Promise<Map<string, FoundData>> {
  const found = new Map<string, FoundData>();
  for (const [name, dataset] of Object.entries(datasets)) {
    const files = dataset?.source.files;
    if (!dataset || !files) continue;
    const same = [...found.values()].find((one) => areSame(one.files, files));
    const data = same ? { ...same, path: dataset.path } : await findData(dataset, strict, signal);
    if (data) found.set(name, data);
  }
  return found;
}

/** A class or archive that is not as it was. */
interface Change {
  group: string;
  words: string;
  /** Names and sizes are the same, and nothing is known of the content. */
  onlyDates: boolean;
}

function changeOf(group: string, before: string | undefined, now: string | undefined): Change | undefined {
  if (before === now) return undefined;
  const name = JSON.stringify(group);
  const whole = (words: string) => ({ group, words, onlyDates: false });
  if (before === undefined) return whole(`${name} is new`);
  if (now === undefined) return whole(`${name} is gone`);
  const [count, sizes, dates, content] = before.split(' ');
  const [countNow, sizesNow, datesNow, contentNow] = now.split(' ');
  if (count !== countNow) return whole(`${name} had ${count} files and now has ${countNow}`);
  // Content, where both know it, makes dates worthless.
  const known = content !== undefined && contentNow !== undefined;
  if (sizes !== sizesNow || (known && content !== contentNow)) return whole(`files of ${name}`);
  if (known || dates === datesNow) return undefined;
  return { group, words: `files of ${name}`, onlyDates: true };
}

const SHOWN = 3;

const listed = (words: readonly string[], more: string) =>
  `${words.slice(0, SHOWN).join(', ')}${words.length > SHOWN ? ` and ${words.length - SHOWN} more${more}` : ''}`;

/** Files of the groups that were written, renamed or put there since a moment. */
function filesSince({ files, marks: { numbers } }: FoundData, groups: ReadonlySet<string>, since: number) {
  const names: string[] = [];
  for (let i = 0; i < files.count; i++) {
    const [, written, changed] = numbers.subarray(NUMBERS * i, NUMBERS * (i + 1));
    if (Math.max(written, changed) >= since && groups.has(files.groupOf(i))) names.push(files.nameOf(i));
  }
  return names;
}

/** What a resumed run compares. */
export interface Comparison {
  out: string;
  /** When the run was begun. */
  started: string;
  /** Whether files of another date may be the same. */
  ignoreDates: boolean;
}

/**
 * Refuses to go on with other files than a run was begun with, naming the first.
 * @throws SaliencyMixError OUTPUT
 */
export function checkSameData(
  before: DataState | undefined,
  now: FoundData | undefined,
  { out, started, ignoreDates }: Comparison,
): void {
  if (!before || !now) return; // of an earlier version, or drawn
  const [old, present] = [new Map(Object.entries(before)), new Map(Object.entries(now.state))];
  const groups = [...new Set([...old.keys(), ...present.keys()])];
  const changes = groups
    .map((group) => changeOf(group, old.get(group), present.get(group)))
    .filter((change) => change !== undefined && !(ignoreDates && change.onlyDates)) as Change[];
  if (changes.length === 0) return;
  const named = filesSince(now, new Set(changes.map(({ group }) => group)), Date.parse(started));
  const counted = changes.filter(({ words }) => named.length === 0 || !words.startsWith('files of'));
  const words = [
    ...(named.length > 0 ? [listed(named, ' files')] : []),
    ...(counted.length > 0
      ? [
          listed(
            counted.map((change) => change.words),
            '',
          ),
        ]
      : []),
  ].join('; ');
  const dates = changes.every(({ onlyDates }) => onlyDates)
    ? '; sizes are the same: where only the dates are others, resume with --ignore-dates'
    : '';
  throw new SaliencyMixError(
    'OUTPUT',
    `${out} was begun with other data: ${now.path} has changed since ${started}: ${words}. Resume with the data as it was, or start over with --force${dates}`,
    { file: out },
  );
}
