/**
 * Lists the images of a WebDataset by their labels, which are in files with the same key: `.cls`, `.json` or `.txt`.
 * samples.ts groups files into samples, label-values.ts reads labels, sample-classes.ts makes classes of them.
 */
import { dataError } from '../fail';
import { type ImageKind, kindOfEnding, whyNotDecoded } from '../image-kinds';
import type { Problem } from '../source';
import type { LabelText } from './label-text';
import { agreed, type Label, LABEL_KEYS, type Reading, readJson, readText, shown } from './label-values';
import { isImage, type Listing } from './listing';
import { classify, type LabelledImage } from './sample-classes';
import { keyOf, type LabelFile, labelKindOf, type Sample, samplesOf } from './samples';

export { isLabelFile } from './samples';

/** With fewer texts than this it cannot be told whether they are captions. */
const ENOUGH_TO_TELL = 8;

const NO_LABEL = `has no label (.cls, or label, cls or class in .json), and none of the less usual ones (.txt; ${LABEL_KEYS.filter(
  (key) => !['label', 'cls', 'class'].includes(key),
).join(', ')} in .json)`;

export interface SampleOptions {
  /** What labelIn gives for the files that can contain labels, by id. */
  readonly labels: ReadonlyMap<string, Reading | undefined>;
  /** The data set's path, for messages. */
  readonly root: string;
  /** The part of an id that is a path within its archive; the whole id unless given. */
  readonly within?: (id: string) => string;
}

/**
 * Lists the images among `ids` by their labels, ordered by the bytes of the ids. Undefined if no image has a label
 * file: then this is no WebDataset. Images without a usable label are problems; they never get a class by their name.
 * @throws SaliencyMixError DATA if labels contradict each other, some are numbers and others names, or none is usable
 */
export function listSamples(ids: Iterable<string>, options: SampleOptions): Listing | undefined {
  const { root } = options;
  const samples = samplesOf(ids, options.labels.keys());
  const read = readings(samples, options);
  if (!read) return undefined;
  const found: LabelledImage[] = [];
  const problems: Problem[] = [];
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
  const rest = otherImages(ids, samples);
  const texts = read.flat().filter(({ kind }) => kind === 'txt');
  const isDoubtful = texts.length >= ENOUGH_TO_TELL && !repeat(texts);
  const doubt = isDoubtful ? captionsDoubt(texts) : undefined;
  return { ...listing, problems: [...problems, ...rest.problems], notices: rest.notices, doubt };
}

/** Images that are no sample's image: counted if they belong to one, problems if they cannot be decoded. */
function otherImages(
  ids: Iterable<string>,
  samples: readonly Sample[],
): Required<Pick<Listing, 'problems' | 'notices'>> {
  const others = samples.flatMap((sample) => sample.others);
  const keys = new Set(samples.map(({ key }) => key));
  const problems: Problem[] = [];
  for (const [id, kind] of undecoded(ids)) {
    if (keys.has(keyOf(id))) others.push(id);
    else problems.push({ file: id, reason: `${whyNotDecoded(kind)}; it is left out` });
  }
  return { problems, notices: others.length > 0 ? [othersNotice(others)] : [] };
}

function captionsDoubt(texts: readonly Read[]): string {
  const said = texts
    .slice(0, 3)
    .map(({ id, reading }) => `"${id}" says ${'label' in reading ? shown(reading.label) : 'a longer text'}`);
  return `has labels in .txt files only, and they look like captions, not classes (${said.join(', ')}); put the classes into .cls files`;
}

/** Files with endings of image formats that are not decoded, but for hidden ones. */
function* undecoded(ids: Iterable<string>): Generator<[id: string, kind: ImageKind]> {
  for (const id of ids) {
    const dot = id.lastIndexOf('.') + 1;
    const kind = kindOfEnding(id.slice(dot));
    if (kind && !kind.isDecoded && isImage(`${id.slice(0, dot)}png`)) yield [id, kind];
  }
}

interface Read extends LabelFile {
  readonly reading: Reading;
}

/**
 * The labels in the files of each sample: in `.cls` and `.json`, or, if no sample has those, in `.txt`. Undefined if
 * there are none.
 */
function readings(samples: readonly Sample[], options: SampleOptions): Read[][] | undefined {
  let hasMetadata = false; // .json files without labels
  let hasLabels = false;
  let isBroken = false;
  const firm = samples.map(({ labels, image, merged }) => {
    const own: Read[] = [];
    for (const file of labels) {
      if (file.kind === 'txt') continue;
      const reading = options.labels.get(file.id);
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

/** The labels in `.txt` files. Undefined if images are in folders and the texts hardly repeat: then they are captions. */
function textReadings(samples: readonly Sample[], options: SampleOptions): Read[][] | undefined {
  const read = samples.map(({ labels }) =>
    labels.flatMap((file) => {
      const reading = file.kind === 'txt' ? options.labels.get(file.id) : undefined;
      return reading ? [{ ...file, reading }] : [];
    }),
  );
  if (read.every((own) => own.length === 0)) return undefined;
  const inFolders = samples.every(({ image, merged }) => !isFlat(image ?? merged[0], options));
  return inFolders && !repeat(read.flat()) ? undefined : read;
}

/** Whether texts repeat as often as class names do. */
function repeat(read: readonly Read[]): boolean {
  const different = new Set(
    read.map(({ reading, id }) => ('label' in reading ? shown(reading.label) : `unreadable: ${id}`)),
  );
  return 2 * different.size <= read.length;
}

/** The label in the text of a file; undefined for JSON without one. */
export function labelIn(id: string, text: LabelText): Reading | undefined {
  if (typeof text !== 'string') return text;
  if (labelKindOf(id) === 'json') return readJson(text);
  const reading = readText(text);
  return text.length > SHORT ? apart(reading) : reading;
}

/** Of texts up to this length, no matter if they stay in memory. */
const SHORT = 1024;

/** The same with strings of their own: a part of a string keeps the whole of it in memory. */
function apart(reading: Reading): Reading {
  const copy = (text: string) => Buffer.from(text).toString();
  if ('fault' in reading) return { fault: copy(reading.fault) };
  const { name } = reading.label;
  return name === undefined ? reading : { label: { ...reading.label, name: copy(name) } };
}

/** Whether this is JSON that cannot be read, so that it may or may not contain a label. */
function isUnreadable({ kind }: LabelFile, reading: Reading): boolean {
  return kind === 'json' && 'fault' in reading && /^(is no valid JSON|is too large)/.test(reading.fault);
}

/** The label of a sample and the file that has it, or why there is no usable one. */
function labelOf(read: readonly Read[], root: string): { label: Label; file: string } | string {
  let found: { label: Label; file: string } | undefined;
  const hasLabel = read.some(({ reading }) => 'label' in reading);
  for (const { id, kind, reading } of read) {
    if ('fault' in reading) {
      // With a good label in another file, this one probably is metadata.
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

/** Checks `.txt` files of samples that have another label: most are captions, but one that names a class must name the same one. */
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
    const reading = options.labels.get(file.id);
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

/** Whether an image is at the top of its archive, in no folder. */
function isFlat(id: string, { within = (whole) => whole }: SampleOptions): boolean {
  return !within(id).includes('/');
}
