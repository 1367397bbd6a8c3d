/** Where the class of an image comes from: the folder that it lies in, its file's name, or a list. */
import { folderDoubt } from './folder-doubt';
import { afterTop, baseOf, isNested, quoted, topOf } from './names';
import { isSplitName } from './splits';

/** Labels of files, by the name that the list has for each. */
export type ClassList = ReadonlyMap<string, string>;

export interface ClassOptions {
  /** Unless given: from folders where there are any, else from names. */
  classesFrom?: 'folder' | 'name';
  /** A regular expression for the files' names, whose first group is the class. */
  classPattern?: string;
  classList?: ClassList;
}

/** One image: its id, and the part of it that folders and name are looked for in. */
export interface Placed {
  readonly id: string;
  readonly path: string;
}

/** The class of each image, or why it has none. */
export interface Classed {
  readonly classes: ReadonlyMap<string, string>;
  readonly problems: ReadonlyMap<string, string>;
  /** Why these classes are unlikely to be what was meant, with the options that decide. */
  readonly doubt?: string;
}

/** From so many images on, more classes than half of them are names of single images. */
const MANY = 8;

const WAYS_OUT =
  'give --classes-from name with --class-pattern REGEX, whose first group is the class (classesFrom, classPattern), or --class-list FILE (classList)';

export function classify(images: readonly Placed[], options: ClassOptions): Classed {
  const { classesFrom, classPattern, classList } = options;
  if (classList) return byList(images, classList);
  if (classPattern !== undefined) return byPattern(images, new RegExp(classPattern, 'u'));
  const isFlat = images.every(({ path }) => !isNested(path));
  if (classesFrom === 'name' || (isFlat && classesFrom !== 'folder')) return byName(images);
  const byFolders = byFolder(images);
  if (classesFrom === 'folder') return byFolders;
  const doubt = splitsInside(images);
  if (doubt !== undefined) return { ...byFolders, doubt };
  // One folder that holds all images is no more than the folder that the images are in.
  const folders = new Set(byFolders.classes.values());
  if (folders.size !== 1) {
    const uneven = folderDoubt(images.map(({ path }) => path));
    return uneven === undefined ? byFolders : { ...byFolders, doubt: uneven };
  }
  if (images.length < 2) return byFolders;
  const named = byName(images);
  const isOneFolder = images.every(({ path }) => isNested(path) && !isNested(afterTop(path)));
  if (isOneFolder && named.doubt === undefined) return named;
  const [only] = folders;
  const what = `has one folder of images, "${only}", so all would be of one class (${shown(images)}): if that is right, give --classes-from folder (classesFrom); else ${WAYS_OUT}`;
  return { ...byFolders, doubt: what };
}

/** Splits below the class folders (`cat/train`, `cat/val`): the images to test on would be trained on. */
function splitsInside(images: readonly Placed[]): string | undefined {
  const below = images.flatMap(({ path }) => (isNested(path) ? [afterTop(path)] : []));
  if (!below.every((path) => isNested(path) && isSplitName(topOf(path)))) return undefined;
  if (new Set(below.map((path) => topOf(path).toLowerCase())).size < 2) return undefined;
  const folders = images.flatMap(({ path }) =>
    isNested(path) ? [path.split('/').slice(0, 2).join('/')] : [],
  );
  return `has splits inside its class folders (${quoted(new Set(folders))}), so images to test on would be trained on: put the splits above the classes (train/…, val/…), or give --classes-from folder (classesFrom) to take all images`;
}

/** The first folder of the path. Images beside the folders have no class. */
function byFolder(images: readonly Placed[]): Classed {
  const classes = new Map<string, string>();
  const problems = new Map<string, string>();
  for (const { id, path } of images) {
    if (isNested(path)) classes.set(id, topOf(path));
    else problems.set(id, besideFolders('class folders'));
  }
  return { classes, problems };
}

export const besideFolders = (folders: string): string =>
  `lies beside the ${folders}, so it has no class; it is left out`;

/** The name up to the first '_'. */
function byName(images: readonly Placed[]): Classed {
  const classes = new Map(images.map(({ id, path }) => [id, classOfName(baseOf(path))]));
  const count = new Set(classes.values()).size;
  const isLikely = count > 1 && (images.length < MANY || count <= images.length / 2);
  if (isLikely) return { classes, problems: new Map() };
  const many = `${count} ${count === 1 ? 'class' : 'classes'} for ${images.length} ${images.length === 1 ? 'image' : 'images'}`;
  const doubt = `has no class folders, and the names up to the first "_" give ${many} (${shown(images)}): ${WAYS_OUT}`;
  return { classes, problems: new Map(), doubt };
}

const shown = (images: readonly Placed[]) => quoted(images.map(({ path }) => baseOf(path)));

/** `n01440764_tench.JPEG` → `n01440764`; `tench.JPEG` and `_tench.JPEG` → the name without its extension. */
function classOfName(file: string): string {
  const cut = file.indexOf('_');
  return cut > 0 ? file.slice(0, cut) : file.slice(0, file.lastIndexOf('.'));
}

function byPattern(images: readonly Placed[], pattern: RegExp): Classed {
  const classes = new Map<string, string>();
  const problems = new Map<string, string>();
  for (const { id, path } of images) {
    const found = pattern.exec(baseOf(path))?.[1];
    if (found) classes.set(id, found);
    else problems.set(id, `has a name in which ${String(pattern)} finds no class; it is left out`);
  }
  return { classes, problems };
}

const withoutEnding = (path: string) => path.replace(/(?<=[^/])\.[^./]+$/, '');

/** `a/b/c.jpg` → `a/b/c.jpg`, `b/c.jpg`, `c.jpg` */
const endsOf = (path: string): string[] => path.split('/').map((_, i, parts) => parts.slice(i).join('/'));

/** The name by which a file is in the list: its path or an end of it, down to its name; its ending may be missing. */
function nameInList(id: string, list: ClassList): string | undefined {
  const names = endsOf(id);
  return names.find((one) => list.has(one)) ?? names.map(withoutEnding).find((one) => list.has(one));
}

/** Names in the list that are those of no image. */
export function namesWithoutImage(ids: Iterable<string>, list: ClassList): string[] {
  const left = new Set(list.keys());
  for (const id of ids) {
    if (left.size === 0) break;
    left.delete(nameInList(id, list) ?? '');
  }
  return [...left];
}

function byList(images: readonly Placed[], list: ClassList): Classed {
  const classes = new Map<string, string>();
  const problems = new Map<string, string>();
  for (const { id } of images) {
    const name = nameInList(id, list);
    const found = name === undefined ? undefined : list.get(name);
    if (found === undefined) problems.set(id, 'is not in the list of classes; it is left out');
    else classes.set(id, found);
  }
  return { classes, problems };
}
