/** Which of the top folders of a data set are splits, and which folders above them are looked through. */
import { dataError, splitError } from '../fail';
import { afterTop, isNested, quoted, sortedByBytes, topOf } from './names';

/** Folder names of splits, in any letter case: the name of the option first, then its synonyms. */
const SPLITS: readonly (readonly string[])[] = [
  ['train', 'training'],
  ['val', 'valid', 'validation'],
  ['test', 'testing'],
];

const NAMES = SPLITS.flat();

export const isSplitName = (name: string): boolean => NAMES.includes(name.toLowerCase());

/**
 * How many folders lie above everything (`pets/` of `pets/cat/1.png`, `pets/dog/2.png`). One that itself holds
 * all the images is not counted (images beside it are left out), nor is a split and what lies below it, unless there are splits below it.
 */
export function foldersAbove(paths: readonly string[]): number {
  let left = paths;
  let firstSplit: number | undefined;
  for (let depth = 0; ; depth++) {
    const first = left.find(isNested);
    const top = first === undefined ? undefined : topOf(first);
    const isAbove = top !== undefined && isOnlyFolder(top, left);
    const below = isAbove ? left.filter(isNested).map(afterTop) : [];
    if (!isAbove || !below.some(isNested)) {
      const tops = new Set(left.filter(isNested).map(topOf));
      return firstSplit === undefined || [...tops].some(isSplitName) ? depth : firstSplit;
    }
    if (isSplitName(top)) firstSplit ??= depth;
    left = below;
  }
}

/**
 * Whether a folder is the only one. An image beside it does not count if the folder has only folders in it, or several, or
 * one of a split that has folders: then it holds the classes.
 */
function isOnlyFolder(top: string, paths: readonly string[]): boolean {
  const nested = paths.filter(isNested);
  if (!nested.every((path) => path.startsWith(`${top}/`))) return false;
  if (nested.length === paths.length) return true;
  const below = nested.map(afterTop).filter(isNested);
  const folders = new Set(below.map(topOf));
  if (isSplitName(top)) return folders.size > 0 && [...folders].every(isSplitName);
  const [only] = folders;
  return (
    folders.size > 1 ||
    below.length === nested.length ||
    (only !== undefined && isSplitName(only) && below.some((path) => isNested(afterTop(path))))
  );
}

/** The top folders that are splits, and those beside them, which are left out. */
export interface Splits {
  readonly names: readonly string[];
  readonly others: readonly string[];
}

export interface SplitEvidence {
  root: string;
  /** The options: a split that was asked for, and where classes are to come from. */
  split?: string;
  classesFrom?: 'folder' | 'name';
}

/**
 * The splits among the top folders; undefined where there are none, so that all folders are classes.
 *
 * A folder with the name of a split is one where no folder without such a name holds images. Beside other
 * folders it takes two of them, of which at least one holds class folders: the others are then left out. A
 * folder `train` that holds images itself is a class among other classes (trains).
 * @throws SaliencyMixError DATA for what may be either, with the options that decide
 */
export function findSplits(paths: readonly string[], evidence: SplitEvidence): Splits | undefined {
  const nested = paths.filter(isNested);
  const tops = sortedByBytes(new Set(nested.map(topOf)));
  const names = tops.filter(isSplitName);
  const others = tops.filter((top) => !isSplitName(top));
  if (names.length === 0) return undefined;
  if (others.length === 0 || evidence.split !== undefined) return { names, others };
  if (evidence.classesFrom === 'folder') return undefined;
  const aboveClasses = names.filter((name) => holdsFolders(nested, name));
  if (aboveClasses.length > 0 && names.length > 1) return { names, others };
  if (aboveClasses.length === 0 && names.length === 1 && names[0].toLowerCase() === 'train') return undefined;
  const what = names.length === 1 ? 'the name of a split' : 'names of splits';
  throw dataError(
    evidence.root,
    `has ${quoted(names)} with ${what}, and beside ${names.length === 1 ? 'it' : 'them'} images in ${quoted(others)}: if those with such names are splits, give --split (split), for example ${names[0]}; if all are classes, --classes-from folder (classesFrom)`,
  );
}

/** Whether more images lie in folders below a top folder than in it. */
function holdsFolders(nested: readonly string[], top: string): boolean {
  const inside = nested.filter((path) => topOf(path) === top);
  return 2 * inside.filter((path) => isNested(afterTop(path))).length > inside.length;
}

/** Which split is wanted. */
export interface WantedSplit {
  readonly root: string;
  /** The option. */
  readonly split?: string;
  /** Unless one is asked for, the first of these that is there; `train` unless given. */
  readonly prefer?: readonly string[];
}

/**
 * The split to use among those that exist: the one asked for, by the name of its folder or a synonym (val,
 * valid, validation), or the preferred one.
 * @throws SaliencyMixError DATA, with the names of those that exist
 */
export function pickSplit(there: readonly string[], { root, split, prefer }: WantedSplit): string {
  const wanted = split === undefined ? (prefer ?? ['train']) : [split];
  for (const name of wanted) {
    const picked = splitCalled(name, there);
    if (picked !== undefined) return picked;
  }
  const names = there.map((name) => `"${name}"`).join(', ');
  const isDefault = split === undefined && prefer === undefined;
  const hint = isDefault ? 'there is none called "train": pass split, one of' : 'there are:';
  throw splitError(root, `has no split "${wanted[0]}"; ${hint} ${names}`);
}

function splitCalled(asked: string, there: readonly string[]): string | undefined {
  const wanted = asked.toLowerCase();
  const synonyms = SPLITS.find((group) => group.includes(wanted)) ?? [wanted];
  return (
    there.find((name) => name === asked) ??
    there.find((name) => name.toLowerCase() === wanted) ??
    there.find((name) => synonyms.includes(name.toLowerCase()))
  );
}
