/**
 * The labels of a WebDataset: beside each image, in a file of the same key, `.cls`, `.json` or `.txt`. What such a file may
 * say is label-values.ts, which files are one sample samples.ts.
 */
import { dataError } from '../fail';
import type { Problem } from '../source';
import { agreed, type Label, LABEL_KEYS, type Reading, readJson, readText, shown } from './label-values';
import type { Listing } from './listing';
import { classify, type LabelledImage } from './sample-classes';
import { type LabelFile, type Sample, samplesOf } from './samples';

export { isLabelFile } from './samples';

/** From so many texts on, those that hardly repeat are captions, not classes. */
const ENOUGH_TO_TELL = 8;

/** What is wrong with a file whose text was too large to be kept. */
const TOO_LARGE = 'is too large for a label (more than 1 MiB)';

/** What was looked for. */
const NO_LABEL = `has no label (.cls, or label, cls or class in .json), and none of the less usual ones (.txt; ${LABEL_KEYS.filter(
  (key) => !['label', 'cls', 'class'].includes(key),
).join(', ')} in .json)`;

export interface SampleOptions {
  /** The text of files that may hold labels, by id; undefined for those that are too large. */
  readonly texts: ReadonlyMap<string, string | undefined>;
  /** The data set's path, for messages. */
  readonly root: string;
  /** The part of an id that lies in its archive; the id itself when left out. */
  readonly within?: (id: string) => string;
}

/**
 * Lists the images among `ids` by the labels beside them, ordered by bytes, or gives undefined where no image has a
 * label file, so that this is not a WebDataset. Samples without a label that can be used are problems, and get no class by
 * their name. Throws DATA where label files disagree, some labels are numbers and others names, or none can be used.
 */
export function listSamples(ids: Iterable<string>, options: SampleOptions): Listing | undefined {
  const { root } = options;
  const samples = samplesOf(ids, options.texts.keys());
  const read = readings(samples, options);
  if (!read) return undefined;
  const found: LabelledImage[] = [];
  const problems: Problem[] = [];
  const notices: string[] = [];
  const leaveOut = (file: string, reason: string) =>
    problems.push({ file, reason: `${reason}; it is left out` });
  for (const [i, { key, image, merged }] of samples.entries()) {
    for (const file of merged) {
      const other = image ?? merged.find((one) => one !== file);
      leaveOut(
        file,
        `shares the key "${key}" with "${other}", as WebDataset cuts names at the first dot: rename one of them`,
      );
    }
    if (image === undefined) continue;
    const outcome = labelOf(read[i], root);
    if (typeof outcome === 'string') leaveOut(image, outcome);
    else found.push({ id: image, ...outcome });
  }
  const listing = classify(found, root);
  problems.push(...listing.problems);
  if (listing.items.length === 0) throw noneUsable(root, problems);
  checkTexts(samples, found, options);
  const others = samples.flatMap((sample) => sample.others);
  if (others.length > 0) notices.push(othersNotice(others));
  const texts = read.flat().filter(({ kind }) => kind === 'txt');
  const isDoubtful = texts.length >= ENOUGH_TO_TELL && !repeat(texts);
  return { ...listing, problems, notices, doubt: isDoubtful ? captionsDoubt(texts) : undefined };
}

function captionsDoubt(texts: readonly Read[]): string {
  const said = texts
    .slice(0, 3)
    .map(({ id, reading }) => `"${id}" says ${'label' in reading ? shown(reading.label) : 'a longer text'}`);
  return `has labels in .txt files only, and they look like captions, not classes (${said.join(', ')}); put the classes into .cls files`;
}

interface Read extends LabelFile {
  readonly reading: Reading;
}

/**
 * What the label files of each sample say: `.cls` and `.json`, or, where no sample has those, `.txt`. Undefined where
 * there are none that are about labels.
 */
function readings(samples: readonly Sample[], options: SampleOptions): Read[][] | undefined {
  let hasMetadata = false; // .json files that are about something else
  let hasLabels = false;
  let isBroken = false;
  const firm = samples.map(({ labels, image, merged }) => {
    const own: Read[] = [];
    for (const file of labels) {
      if (file.kind === 'txt') continue;
      const reading = readFile(file, options);
      if (!reading) hasMetadata = true;
      else own.push({ ...file, reading });
      if (reading && !isUnreadable(file, reading)) hasLabels = true;
      else if (reading && isFlat(image ?? merged[0], options)) isBroken = true;
    }
    return own;
  });
  if (hasLabels || (isBroken && !hasMetadata)) return firm;
  return textReadings(samples, options);
}

/** The `.txt` files as labels, unless images lie in class folders and the texts hardly repeat: then they are captions. */
function textReadings(samples: readonly Sample[], options: SampleOptions): Read[][] | undefined {
  const read = samples.map(({ labels }) =>
    labels.flatMap((file) => {
      const reading = file.kind === 'txt' ? readFile(file, options) : undefined;
      return reading ? [{ ...file, reading }] : [];
    }),
  );
  if (read.every((own) => own.length === 0)) return undefined;
  const inFolders = samples.every(({ image, merged }) => !isFlat(image ?? merged[0], options));
  return inFolders && !repeat(read.flat()) ? undefined : read;
}

/** Whether texts are few for what they stand beside, as classes are. */
function repeat(read: readonly Read[]): boolean {
  const different = new Set(
    read.map(({ reading, id }) => ('label' in reading ? shown(reading.label) : `unreadable: ${id}`)),
  );
  return 2 * different.size <= read.length;
}

/** What a label file says; undefined for JSON that is about something else. */
function readFile({ id, kind }: LabelFile, { texts }: SampleOptions): Reading | undefined {
  const text = texts.get(id);
  if (text === undefined) return { fault: TOO_LARGE };
  return kind === 'json' ? readJson(text) : readText(text);
}

/** JSON of which nothing can be said: it may be a label or something else. */
function isUnreadable({ kind }: LabelFile, reading: Reading): boolean {
  return kind === 'json' && 'fault' in reading && /^(is no valid JSON|is too large)/.test(reading.fault);
}

/** The label of a sample and the file that has it, or why it has none. */
function labelOf(read: readonly Read[], root: string): { label: Label; file: string } | string {
  let found: { label: Label; file: string } | undefined;
  const hasLabel = read.some(({ reading }) => 'label' in reading);
  for (const { id, kind, reading } of read) {
    if ('fault' in reading) {
      // Beside a label that can be read, a file that may be about anything is not asked.
      if (hasLabel && isUnreadable({ id, kind }, reading)) continue;
      return `its label file "${id}" ${reading.fault}`;
    }
    const label = found ? agreed(found.label, reading.label) : reading.label;
    if (!label) throw disagreement(root, found as LabelledFile, { label: reading.label, file: id });
    found = { label, file: found?.file ?? id };
  }
  return found ?? NO_LABEL;
}

interface LabelledFile {
  readonly label: Label;
  readonly file: string;
}

/** A `.txt` beside another label is mostly a caption, but where it names a class, it must name the right one. */
function checkTexts(
  samples: readonly Sample[],
  found: readonly LabelledImage[],
  options: SampleOptions,
): void {
  if (!samples.some(({ labels }) => labels.some(({ kind }) => kind === 'txt'))) return;
  const byId = new Map(found.map((image) => [image.id, image]));
  const names = new Set(found.flatMap(({ label }) => [label.name, ...(label.names ?? [])]));
  for (const { image, labels } of samples) {
    const own = byId.get(image ?? '');
    const file = labels.find(({ kind }) => kind === 'txt');
    if (!own || !file || own.file === file.id) continue;
    const reading = readFile(file, options);
    if (!reading || !('label' in reading)) continue;
    const { number, name } = reading.label;
    if (number === undefined && !names.has(name)) continue;
    if (!agreed(own.label, reading.label)) {
      throw disagreement(options.root, own, { label: reading.label, file: file.id });
    }
  }
}

function disagreement(root: string, a: LabelledFile, b: LabelledFile): Error {
  const said = `${shown(a.label)} ("${a.file}") and ${shown(b.label)} ("${b.file}")`;
  return dataError(
    root,
    `has two labels for one image: ${said}; make them agree, or leave one kind of file out`,
  );
}

function noneUsable(root: string, problems: readonly Problem[]): Error {
  const [first] = problems;
  const said = first ? `; the first: "${first.file}" ${first.reason}` : '';
  return dataError(root, `has label files, but no image with a label that can be used${said}`);
}

function othersNotice(others: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const id of others) {
    const ending = id.slice(id.indexOf('.', id.lastIndexOf('/') + 1));
    counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  const told = Array.from(counts, ([ending, count]) => `${count} ${ending}`).slice(0, 5);
  return `${told.join(', ')} left out, as they belong to the images of their samples`;
}

/** Whether an image lies in no folder of its archive. */
function isFlat(id: string, { within = (whole) => whole }: SampleOptions): boolean {
  return !within(id).includes('/');
}
