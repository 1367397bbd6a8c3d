/** What was found in a data set, in figures: for `info`, for the line before a run, and for run.json. */
import { types } from 'node:util';
import { openingOf } from './datasets';
import type { OpenOptions } from './datasets/format';
import { type Dataset, openData } from './dataset';
import { type LeftOut, leftOutInWords } from './layout/names';
import { hasSoftLabels } from './load';
import { probeSize } from './codec';
import { quoted } from './layout/names';
import { sampled } from './size';
import type { DatasetSource, Problem, RawImage } from './source';
import { reasonOf } from '../errors';
import { statedColours } from './stated-colours';

/** A data set in a few figures. */
export interface DatasetSummary {
  readonly path: string;
  readonly format: string;
  /** Images, of the split where there is one, and classes. */
  readonly images: number;
  readonly classes: number;
  readonly split?: string;
  /** The number of images of each split. */
  readonly splits?: Readonly<Record<string, number>>;
  /** Files that are neither images nor labels: how many of each ending. */
  readonly leftOut: LeftOut;
  /** How many files and folders are left out by name. */
  readonly problems: number;
  /** How many of the images a training run has held out to test on. */
  readonly heldOut?: number;
}

export interface DatasetDescription extends Omit<DatasetSummary, 'classes' | 'problems' | 'heldOut'> {
  readonly classes: readonly { readonly name: string; readonly images: number }[];
  /** The sizes of up to 64 images, evenly spaced over the data set; the most frequent first. */
  readonly sizes: readonly { readonly height: number; readonly width: number; readonly images: number }[];
  /** Files and folders that are left out, and why. */
  readonly problems: readonly Problem[];
  /** What else there is to know of how the data is read, one line each. */
  readonly notices: readonly string[];
  /** Whether labels give weights to several classes. */
  readonly soft: boolean;
  /** Why jobs that need classes refuse the data set, and which options decide. */
  readonly doubt?: string;
}

export function summaryOf(dataset: Dataset): DatasetSummary {
  const { path, format, length, classes, split, splits, leftOut, problems } = dataset;
  return {
    path,
    format,
    images: length,
    classes: classes.length,
    ...(split !== undefined && { split }),
    ...(splits && { splits: Object.fromEntries(splits.map(({ name, images }) => [name, images])) }),
    leftOut,
    problems: problems.length,
  };
}

/** `3 images` or `1 image`. */
const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** The line that a run begins with: `photos (folder): 20 images of 2 classes; left out: 3 .txt`. */
export function summaryLine(found: DatasetSummary): string {
  const { path, format, images, classes, split, splits = {}, leftOut, problems, heldOut } = found;
  const others = Object.entries(splits).filter(([name]) => name !== split);
  const beside = others.map(([name, count]) => `${name} (${count})`).join(', ');
  const ofSplit = split === undefined ? '' : `, split ${split}${beside && ` beside ${beside}`}`;
  const what = `${counted(images, 'image')} of ${counted(classes, 'class', 'classes')}`;
  const named = problems === 0 ? [] : [`${problems} by name`];
  const left = [leftOutInWords(leftOut), ...named].filter(Boolean).join(', ');
  const tested = heldOut === undefined ? '' : `, of which ${heldOut} are held out to test on`;
  return `${path} (${format}${ofSplit}): ${what}${tested}${left && `; left out: ${left}`}`;
}

/**
 * What openDataset would read, and what it would leave out and why: format, splits, classes with their numbers of
 * images, sizes. It reads the headers of up to 64 images, and decodes none; those that cannot be read are among the problems.
 * @throws (rejects) SaliencyMixError ARGUMENT for wrong options; DATA as openDataset, but not for classes without
 *   images
 */
export async function describeDataset(
  pathOrOptions: string | OpenOptions,
  others?: Omit<OpenOptions, 'path'>,
): Promise<DatasetDescription> {
  const options = openingOf(pathOrOptions, others);
  const dataset = await openData({ ...options, allowEmptyClasses: true });
  try {
    const counts = Array.from(dataset.classes, () => 0);
    for (const { label } of dataset.items) counts[label]++;
    const { classes: _, problems: __, ...summary } = summaryOf(dataset);
    const unread: Problem[] = [];
    const keep = (file: string, error: unknown) =>
      unread.push({ file, reason: unquoted(file, reasonOf(error)) });
    const seen = await sampled(dataset.source, lookWith(dataset.source.limits), keep);
    const doubt = dataset.doubt ?? (options.allowEmptyClasses ? undefined : emptyOf(dataset, counts));
    return {
      ...summary,
      classes: dataset.classes.map((name, label) => ({ name, images: counts[label] })),
      sizes: tally(seen.map(({ size }) => size)),
      problems: [...dataset.problems, ...unread],
      notices: [...dataset.notices, ...coloursNotice(seen)],
      soft: hasSoftLabels(dataset.items),
      ...(doubt !== undefined && { doubt }),
    };
  } finally {
    await dataset.close();
  }
}

interface Seen {
  id: string;
  size: readonly [height: number, width: number];
  colours?: string;
}

/** A message without the name of the file in front, which is told beside it. */
const unquoted = (file: string, message: string) =>
  message.startsWith(`"${file}" `) ? message.slice(file.length + 3) : message;

const lookWith =
  (limits: DatasetSource['limits']) =>
  async (image: Uint8Array | RawImage, id: string): Promise<Seen> => ({
    id,
    size: await probeSize(image, id, limits),
    colours: types.isUint8Array(image) ? statedColours(image) : undefined,
  });

/** Colours that are read as sRGB although the files state others. */
function coloursNotice(seen: readonly Seen[]): string[] {
  const others = seen.filter(({ colours }) => colours !== undefined);
  if (others.length === 0) return [];
  const kinds = [...new Set(others.map(({ colours }) => colours))].join('; ');
  const said = others.length === 1 ? 'states its colours' : 'state their colours';
  return [
    `${others.length} of ${seen.length} images looked at ${said} by numbers (${kinds}: ${quoted(others.map(({ id }) => id))}), which are not applied: they are read as sRGB; convert them to sRGB, or give them a colour profile`,
  ];
}

/** Why a data set is refused of which opening has let classes be empty. */
function emptyOf({ source }: Dataset, counts: readonly number[]): string | undefined {
  const { emptied = [] } = source;
  const names = emptied.filter((name) => counts[source.classes.indexOf(name)] === 0);
  if (names.length === 0) return undefined;
  return `has classes of which no image can be decoded (${names.join(', ')}); to go on without them give --allow-empty-classes (allowEmptyClasses)`;
}

function tally(sizes: readonly (readonly [number, number])[]): DatasetDescription['sizes'] {
  const counts = new Map<string, { height: number; width: number; images: number }>();
  for (const [height, width] of sizes) {
    const key = `${height}x${width}`;
    const entry = counts.get(key) ?? { height, width, images: 0 };
    entry.images++;
    counts.set(key, entry);
  }
  return [...counts.values()].toSorted((a, b) => b.images - a.images);
}
