/**
 * WebDataset's rules for the entries of an archive: files that share a path up to the first '.' of their base
 * name are one sample. The image is the one with a plain image extension, the label is in `.cls` (a whole
 * number) or `.json` (`label` or `cls`, a whole number, or `class`, a name).
 */
import { dataError } from '../fail';
import { EXTENSIONS } from '../image-kinds';
import type { Problem } from '../source';
import { isImage, type Listing, sortedByBytes } from './listing';

/**
 * Most classes. There are as many as the largest class number says, so a number like 10^9 is taken for no
 * label.
 */
const MAX_CLASSES = 1 << 20;

/**
 * Extensions of the image of a sample. A file like `0001.seg.png` belongs to the sample but is not its image.
 */
const PLAIN = EXTENSIONS;

type Label = number | string;

/** Whether an entry may hold a label: then its text is read. */
export function isLabelFile(name: string): boolean {
  return ['cls', 'json'].includes(split(name).extension);
}

/**
 * Lists the images among `ids` that have a label in `texts` (by id), ordered by the bytes of their ids.
 * Undefined where no image has a label: then this is no WebDataset. Class numbers stay as they are: the classes
 * are '0' … the largest one.
 * @throws SaliencyMixError DATA where some labels are numbers and others are names
 */
export function listSamples(
  ids: Iterable<string>,
  texts: ReadonlyMap<string, string>,
  root: string,
): Listing | undefined {
  const labels = new Map<string, Label>();
  for (const [id, text] of texts) {
    const { key, extension } = split(id);
    const label = extension === 'cls' ? wholeNumber(text) : labelInJson(text);
    if (label !== undefined) labels.set(key, label);
  }
  const images = sortedByBytes([...ids].filter((id) => isImage(id) && PLAIN.includes(split(id).extension)));
  const labelled = images.filter((id) => labels.has(split(id).key));
  if (labelled.length === 0) return undefined;

  const found = labelled.map((id) => labels.get(split(id).key) as Label);
  const classes = classesOf(found, root);
  const positions = new Map(classes.map((name, label) => [name, label]));
  const items = labelled.map((id, i) => ({ id, label: positions.get(String(found[i])) as number }));
  const problems: Problem[] = images
    .filter((id) => !labels.has(split(id).key))
    .map((id) => ({
      file: id,
      reason: 'has no label (.cls, or label, cls or class in .json); it is left out',
    }));
  return { items, classes, problems };
}

/** `shard/0001.seg.png` → key `shard/0001`, extension `seg.png`. */
function split(name: string): { key: string; extension: string } {
  const dot = name.indexOf('.', name.lastIndexOf('/') + 1);
  return dot < 0
    ? { key: name, extension: '' }
    : { key: name.slice(0, dot), extension: name.slice(dot + 1).toLowerCase() };
}

function wholeNumber(text: string): number | undefined {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  return value < MAX_CLASSES ? value : undefined;
}

function labelInJson(text: string): Label | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (parsed === null || typeof parsed !== 'object') return undefined;
  const fields = parsed as { label?: unknown; cls?: unknown; class?: unknown };
  for (const value of [fields.label, fields.cls]) {
    if (typeof value === 'number') return wholeNumber(String(value));
  }
  return typeof fields.class === 'string' && fields.class !== '' ? fields.class : undefined;
}

function classesOf(labels: readonly Label[], root: string): string[] {
  const names = labels.filter((label) => typeof label === 'string');
  if (names.length === 0) {
    const greatest = labels.reduce<number>((max, label) => Math.max(max, label as number), 0);
    return Array.from({ length: greatest + 1 }, (_, label) => String(label));
  }
  if (names.length === labels.length) return sortedByBytes(new Set(names));
  throw dataError(root, 'labels some samples with numbers and others with names; make them all the same');
}
