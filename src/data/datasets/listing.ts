/** The rules that find images, splits and classes in a list of relative paths. Reads no files. */
import { dataError, splitError } from '../fail';
import { EXTENSIONS, kindOfEnding, whyNotDecoded } from '../image-kinds';
import {
  besideFolders,
  type Classed,
  type ClassOptions,
  classify,
  namesWithoutImage,
  type Placed,
} from '../layout/classes';
import {
  afterTop,
  countLeftOut,
  headingOf,
  isNested,
  kindOfFile,
  leftOutInWords,
  quoted,
  sortedByBytes,
  topOf,
} from '../layout/names';
import { findSplits, foldersAbove, pickSplit, type Splits } from '../layout/splits';
import type { DatasetSource, Problem } from '../source';
import { className, spellingNotice } from './names';

export { isImage, sortedByBytes } from '../layout/names';

/** What a source says of its items. */
export type Listing = Pick<
  DatasetSource,
  'items' | 'classes' | 'problems' | 'leftOut' | 'split' | 'splits' | 'doubt' | 'emptied' | 'notices'
>;

export interface ListingOptions extends ClassOptions {
  /** The data set's path, for messages. */
  root: string;
  split?: string;
  /** Unless a split is asked for, the first of these that is there. */
  prefer?: readonly string[];
  /** Path of the list of classes, for messages. */
  classListPath?: string;
  /** Whether a class may have no image that is decoded; else that is an error. */
  allowEmptyClasses?: boolean;
  /** The part of an id that splits and classes are found in; the whole id unless given. */
  within?: (id: string) => string;
}

/**
 * Lists the images among `ids` (paths of all files with '/', relative to the data set's root), ordered by the
 * bytes of their ids. Each image is an item, or a problem, or in another split; all other files are counted in
 * `leftOut`.
 *
 * 1. Folders above everything are looked through (foldersAbove).
 * 2. Where the folders are splits, one is picked, and the rules apply within it (findSplits); images in other
 *    folders are left out, with one problem per folder.
 * 3. The class of an image is the first folder of its path; where no image is in a folder, its file's name up to
 *    the first '_' (classify). Classes are ordered by bytes. Splits that have a class in common have the same
 *    list of classes, so that labels agree.
 * @throws SaliencyMixError DATA where there is no image, for folders that may be splits or classes, and for a
 *   class without an image that is decoded
 */
export function listImages(ids: readonly string[], options: ListingOptions): Listing {
  const spellings = new Set<string>();
  const listing = listed(ids, { ...options, spellings });
  const notices = [spellingNotice(spellings), absentNotice(listing)].filter((one) => one !== undefined);
  return notices.length === 0 ? listing : { ...listing, notices };
}

/** Classes that are in other splits alone: of two spellings of one name, perhaps. */
function absentNotice({ items, classes, split, emptied = [] }: Listing): string | undefined {
  if (split === undefined) return undefined;
  const present = new Set([...items.map(({ label }) => classes[label]), ...emptied]);
  const absent = classes.filter((name) => !present.has(name));
  if (absent.length === 0) return undefined;
  const what =
    absent.length === 1
      ? 'a class that another split has'
      : `${absent.length} classes that other splits have`;
  return `the split ${split} has no image of ${what} (${quoted(absent)})`;
}

/** Options, and a set that gets the names of all classes as they are written. */
type Listed = ListingOptions & { readonly spellings: Set<string> };

/** The class of each image, its name in Unicode's composed form. */
function classesOf(images: readonly Placed[], options: Listed): Classed {
  const found = classify(images, options);
  const classes = new Map<string, string>();
  for (const [id, name] of found.classes) {
    options.spellings.add(name);
    classes.set(id, className(name));
  }
  return { ...found, classes };
}

function listed(ids: readonly string[], options: Listed): Listing {
  const { root, split, within = (id) => id } = options;
  const { images, others } = divided(ids, within);
  if (!images.some(({ path }) => isDecoded(path))) throw noImages(root, images, others);
  const above = foldersAbove(images.map(({ path }) => path));
  const isInside = ({ path }: Placed) => path.split('/').length > above;
  const placed = images
    .filter(isInside)
    .map(({ id, path }) => ({ id, path: path.split('/').slice(above).join('/') }));
  const beside = [
    ...linesWithoutImage(images, options),
    ...images.filter((image) => !isInside(image)).map(besideAbove),
  ];
  const splits = findSplits(
    placed.map(({ path }) => path),
    options,
  );
  const leftOut = countLeftOut(others);
  if (splits === undefined) {
    if (split !== undefined)
      throw splitError(root, `has no splits, so "${split}" cannot be picked: leave it out`);
    const listing = listClasses(placed, undefined, options);
    return { ...listing, problems: [...beside, ...listing.problems], leftOut };
  }
  const listing = listSplit(placed, splits, options);
  return { ...listing, problems: [...beside, ...listing.problems], leftOut };
}

/** What of the list of classes is of no image: in a list for these images, their files are missing. */
function linesWithoutImage(
  images: readonly Placed[],
  { classList, classListPath = 'the list of classes' }: ListingOptions,
): Problem[] {
  if (!classList) return [];
  const ids = images.map(({ id }) => id);
  const names = namesWithoutImage(ids, classList);
  if (names.length === 0) return [];
  const reason = `names ${names.length} of its ${classList.size} files that are not among the images (${quoted(names)}): they are missing, or called otherwise`;
  return [{ file: classListPath, reason }];
}

const besideAbove = ({ id }: Placed): Problem => ({
  file: id,
  reason: 'lies beside the folder that holds all others, so it has no class; it is left out',
});

/** All images, also of formats that are not decoded, in order; and the paths of all other files. */
function divided(
  ids: readonly string[],
  within: (id: string) => string,
): { images: Placed[]; others: string[] } {
  const isOfImage = (id: string) => ['image', 'undecoded'].includes(kindOfFile(within(id)));
  const images = sortedByBytes(ids.filter(isOfImage)).map((id) => ({ id, path: within(id) }));
  return { images, others: ids.filter((id) => !isOfImage(id)).map(within) };
}

const isDecoded = (path: string): boolean => kindOfFile(path) === 'image';

function noImages(root: string, images: readonly Placed[], others: readonly string[]): Error {
  const counts = countLeftOut([...images.map(({ path }) => path), ...others]);
  const there = leftOutInWords(counts);
  const found = there === '' ? '' : `; it holds ${there}`;
  return dataError(root, `holds no images (${lookedFor()})${found}`);
}

/** Lists the split that was picked, with the classes of all splits that go with it. */
function listSplit(placed: readonly Placed[], { names, others }: Splits, options: Listed): Listing {
  const bySplit = new Map<string, Placed[]>(names.map((name) => [name, []]));
  const beside = new Map<string, number>();
  const problems: Problem[] = [];
  for (const { id, path } of placed) {
    if (!isNested(path)) {
      problems.push({ file: id, reason: besideFolders('split folders') });
      continue;
    }
    const top = topOf(path);
    const folder = id.slice(0, id.length - path.length + top.length);
    if (others.includes(top)) beside.set(folder, (beside.get(folder) ?? 0) + 1);
    else bySplit.get(top)?.push({ id, path: afterTop(path) });
  }
  for (const [file, count] of beside) problems.push({ file, reason: besideSplits(names, count) });
  lookThrough(bySplit);
  const picked = pickSplit(names, options);
  const classes = sharedClasses(picked, bySplit, options);
  const listing = listClasses(bySplit.get(picked) as Placed[], classes, options);
  const splits = [...bySplit].map(([name, own]) => ({
    name,
    images: own.filter(({ path }) => isDecoded(path)).length,
  }));
  return { ...listing, problems: [...problems, ...listing.problems], split: picked, splits };
}

function besideSplits(splits: readonly string[], count: number): string {
  const images = count === 1 ? 'the image in it is' : `the ${count} images in it are`;
  return `is a folder beside the split folders ${quoted(splits)}; ${images} left out`;
}

/** Takes away folders that lie above everything in all splits: train/images/cat/…, val/images/cat/…. */
function lookThrough(bySplit: Map<string, Placed[]>): void {
  const all = [...bySplit.values()].flat().map(({ path }) => path);
  const above = foldersAbove(all);
  if (above === 0) return;
  for (const own of bySplit.values()) {
    own.splice(
      0,
      own.length,
      ...own.map(({ id, path }) => ({ id, path: path.split('/').slice(above).join('/') })),
    );
  }
}

/**
 * Lists images that have no splits, or those of one split. `shared` are the classes of all splits.
 * @throws SaliencyMixError DATA for a class of which no image is decoded
 */
function listClasses(
  images: readonly Placed[],
  shared: readonly string[] | undefined,
  options: Listed,
): Listing {
  const { root } = options;
  const { classes: byId, problems: reasons, doubt } = classesOf(images, options);
  const items = [];
  const problems: Problem[] = [];
  const names = shared ?? classNames(byId.values(), options);
  const labels = new Map(names.map((name, label) => [name, label]));
  const empty = new Set(byId.values());
  for (const { id, path } of images) {
    const ending = headingOf(path).slice(1);
    const kind = kindOfEnding(ending);
    const name = byId.get(id);
    if (!isDecoded(path) && kind) {
      problems.push({ file: id, reason: whyNotDecoded(kind) });
    } else if (name === undefined) {
      problems.push({ file: id, reason: reasons.get(id) as string });
    } else {
      items.push({ id, label: labels.get(name) as number });
      empty.delete(name);
    }
  }
  if (items.length === 0) throw noItems(root, problems);
  if (empty.size > 0 && !options.allowEmptyClasses) throw emptyClasses(root, empty, byId, problems);
  return {
    items,
    classes: names,
    problems,
    ...(doubt !== undefined && { doubt }),
    ...(empty.size > 0 && { emptied: [...empty] }),
  };
}

function noItems(root: string, problems: readonly Problem[]): Error {
  const [{ file, reason }] = problems;
  return dataError(root, `has no image with a class; of ${problems.length} the first: "${file}" ${reason}`);
}

function emptyClasses(
  root: string,
  empty: ReadonlySet<string>,
  byId: ReadonlyMap<string, string>,
  problems: readonly Problem[],
): Error {
  const [first] = empty;
  const { file, reason } = problems.find((problem) => byId.get(problem.file) === first) as Problem;
  const which = empty.size === 1 ? `the class ${quoted(empty)} is` : `the classes ${quoted(empty)} are`;
  return dataError(
    root,
    `has images of which none can be decoded: ${which} empty ("${file}" ${reason}); to go on without them give --allow-empty-classes (allowEmptyClasses)`,
  );
}

/** The names ordered by bytes; whole numbers in a list of classes in the order of the numbers. */
function classNames(found: Iterable<string>, { classList }: ClassOptions): string[] {
  const names = sortedByBytes(new Set(found));
  const areNumbers = classList !== undefined && names.every((name) => /^\d+$/.test(name));
  return areNumbers ? names.toSorted((a, b) => Number(a) - Number(b)) : names;
}

/**
 * The classes of all splits that have one in common with the one picked, directly or through another split, so
 * that the labels of train and test agree. A test split without labels (`test/images/…`, or flat) has none in
 * common, and adds no class.
 */
function sharedClasses(
  picked: string,
  bySplit: ReadonlyMap<string, readonly Placed[]>,
  options: Listed,
): string[] {
  const found = new Map(
    [...bySplit].map(([name, own]) => [name, new Set(classesOf(own, options).classes.values())]),
  );
  const shared = new Set(found.get(picked));
  for (let before = -1; before < shared.size; ) {
    before = shared.size;
    for (const classes of found.values()) {
      if (![...classes].some((name) => shared.has(name))) continue;
      for (const name of classes) shared.add(name);
    }
  }
  return classNames(shared, options);
}

function lookedFor(): string {
  return `looked for names ending in ${EXTENSIONS.map((extension) => `.${extension}`).join(', ')}`;
}
