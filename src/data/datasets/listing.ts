/** The rules that find images, splits and classes in a list of relative paths. Reads no files. */
import { dataError } from '../fail';
import { EXTENSIONS } from '../image-kinds';
import type { Item, Problem } from '../source';
import { className, spellingNotice } from './names';

/** Folder names of splits, in any letter case: the name of the option first, then its synonyms. */
const SPLITS: readonly (readonly string[])[] = [
  ['train', 'training'],
  ['val', 'valid', 'validation'],
  ['test', 'testing'],
];

export interface Listing {
  readonly items: readonly Item[];
  readonly classes: readonly string[];
  readonly problems: readonly Problem[];
  /** See DatasetSource. */
  readonly notices?: readonly string[];
  readonly doubt?: string;
}

export interface ListingOptions {
  /** The data set's path, for messages. */
  root: string;
  split?: string;
  /** The part of an id that splits and classes are found in; the whole id unless given. */
  within?: (id: string) => string;
}

/**
 * Lists the images among `ids` (paths with '/', relative to the data set's root), ordered by the bytes of their
 * ids.
 *
 * Where all top folders have names of splits, one split is picked, and the rules apply within it. The class of
 * an image is the first folder of its path. Where no image is in a folder, it is the file name up to the first
 * '_'. Classes are ordered by bytes. Splits that have a class in common have the same list of classes, so that
 * labels agree.
 * @throws SaliencyMixError DATA where there is no image
 */
export function listImages(ids: readonly string[], options: ListingOptions): Listing {
  const spellings = new Set<string>();
  const listing = listed(ids, options, spellings);
  const notice = spellingNotice(spellings);
  return notice === undefined ? listing : { ...listing, notices: [notice] };
}

function listed(ids: readonly string[], options: ListingOptions, spellings: Set<string>): Listing {
  const { root, split, within = (id) => id } = options;
  const images = sortedByBytes(ids.filter((id) => isImage(within(id))));
  if (images.length === 0) throw dataError(root, `holds no images (${lookedFor()})`);
  const splits = bySplit(images, within);
  if (splits === undefined) {
    if (split !== undefined)
      throw dataError(root, `has no splits, so "${split}" cannot be picked: leave it out`);
    return classed(images, within, spellings);
  }
  const problems = images.filter((id) => !within(id).includes('/')).map((id) => stray(id, 'split folders'));
  const picked = pickSplit([...splits.keys()], split, root);
  const listings = new Map(
    [...splits].map(([name, own]) => [name, classed(own, (id) => afterTop(within(id)), spellings)]),
  );
  const { items, classes, problems: inside } = listings.get(picked) as Listing;
  const shared = sharedClasses(classes, [...listings.values()]);
  const moved = classes.map((name) => shared.indexOf(name));
  return {
    items: items.map(({ id, label }) => ({ id, label: moved[label] })),
    classes: shared,
    problems: [...problems, ...inside],
  };
}

/**
 * The split to use among those that exist: the one asked for, by the name of its folder or a synonym (val,
 * valid, validation), or `train`.
 * @throws SaliencyMixError DATA, with the names of those that exist
 */
export function pickSplit(there: readonly string[], asked: string | undefined, root: string): string {
  const wanted = (asked ?? 'train').toLowerCase();
  const synonyms = SPLITS.find((group) => group.includes(wanted)) ?? [wanted];
  const picked =
    there.find((name) => name === asked) ??
    there.find((name) => name.toLowerCase() === wanted) ??
    there.find((name) => synonyms.includes(name.toLowerCase()));
  if (picked !== undefined) return picked;
  const names = there.map((name) => `"${name}"`).join(', ');
  const hint = asked === undefined ? 'there is none called "train": pass split, one of' : 'there are:';
  throw dataError(root, `has no split "${asked ?? 'train'}"; ${hint} ${names}`);
}

/**
 * Whether a path has an image's extension and no part is hidden: archives made on a Mac have `._x.jpg` and
 * `__MACOSX`.
 */
export function isImage(path: string): boolean {
  const extension = /\.([^./]+)$/.exec(path)?.[1].toLowerCase();
  if (extension === undefined || !EXTENSIONS.includes(extension)) return false;
  return !path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');
}

/**
 * Names ordered by their UTF-8 bytes. Decoded as Latin-1, each byte is one code unit, and strings sort by code
 * units.
 */
export function sortedByBytes(names: Iterable<string>): string[] {
  const keys = Array.from(names, (name) => Buffer.from(name, 'utf8').toString('latin1'));
  return keys.toSorted().map((key) => Buffer.from(key, 'latin1').toString('utf8'));
}

/**
 * Lists images that have no splits. `pathOf` gives the part of an id that begins with the class folder; `spellings` gets the
 * names of all classes as they are written.
 */
function classed(images: readonly string[], pathOf: (id: string) => string, spellings: Set<string>): Listing {
  const isFlat = images.every((id) => !pathOf(id).includes('/'));
  const found: [id: string, name: string][] = [];
  const problems: Problem[] = [];
  for (const id of images) {
    const path = pathOf(id);
    if (isFlat) found.push([id, classOfFile(path)]);
    else if (path.includes('/')) found.push([id, topOf(path)]);
    else problems.push(stray(id, 'class folders'));
  }
  for (const pair of found) {
    spellings.add(pair[1]);
    pair[1] = className(pair[1]);
  }
  const classes = sortedByBytes(new Set(found.map(([, name]) => name)));
  const labels = new Map(classes.map((name, label) => [name, label]));
  const items = found.map(([id, name]) => ({ id, label: labels.get(name) as number }));
  return { items, classes, problems };
}

/** The images of each split, or undefined where the top folders are not all splits. */
function bySplit(
  images: readonly string[],
  pathOf: (id: string) => string,
): Map<string, string[]> | undefined {
  const names = SPLITS.flat();
  const splits = new Map<string, string[]>();
  for (const id of images) {
    const path = pathOf(id);
    if (!path.includes('/')) continue;
    const top = topOf(path);
    if (!names.includes(top.toLowerCase())) return undefined;
    const own = splits.get(top);
    if (own) own.push(id);
    else splits.set(top, [id]);
  }
  return splits.size > 0 ? splits : undefined;
}

/**
 * The classes of all splits that have one in common with `own`, directly or through another split, so that the
 * labels of train and test agree. A test split without labels (`test/images/…`, or flat) has none in common,
 * and adds no class.
 */
function sharedClasses(own: readonly string[], listings: readonly Listing[]): string[] {
  const shared = new Set(own);
  for (let before = 0; before < shared.size; ) {
    before = shared.size;
    for (const { classes } of listings) {
      if (!classes.some((name) => shared.has(name))) continue;
      for (const name of classes) shared.add(name);
    }
  }
  return sortedByBytes(shared);
}

/** `n01440764_tench.JPEG` → `n01440764`; `tench.JPEG` and `_tench.JPEG` → the name without its extension. */
function classOfFile(file: string): string {
  const cut = file.indexOf('_');
  return cut > 0 ? file.slice(0, cut) : file.slice(0, file.lastIndexOf('.'));
}

function stray(id: string, beside: string): Problem {
  return { file: id, reason: `lies beside the ${beside}, so it has no class; it is left out` };
}

function topOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

function afterTop(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

function lookedFor(): string {
  return `looked for names ending in ${EXTENSIONS.map((extension) => `.${extension}`).join(', ')}`;
}
