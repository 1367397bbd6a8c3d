/** What a name in a data set says: whether the file is an image, and how files that are not read are counted. */
import { EXTENSIONS, kindOfEnding } from '../image-kinds';

/** Of files that are not read: how many there are of each ending (`{ '.txt': 3 }`). */
export type LeftOut = Readonly<Record<string, number>>;

/** image: it is decoded. undecoded: an image in a format that is not. hidden: it, or a folder above it, is. */
export type FileKind = 'image' | 'undecoded' | 'hidden' | 'other';

/** Whether a file or folder of that name is hidden. */
export const isHidden = (part: string): boolean => part.startsWith('.') || part === '__MACOSX';

/** The ending of a path in lower case, without the dot; undefined where it has none. */
const endingIn = (path: string): string | undefined => /\.([^./]+)$/.exec(path)?.[1].toLowerCase();

export function kindOfFile(path: string): FileKind {
  if (path.split('/').some(isHidden)) return 'hidden';
  const ending = endingIn(path);
  if (ending === undefined) return 'other';
  if (EXTENSIONS.includes(ending)) return 'image';
  return kindOfEnding(ending) ? 'undecoded' : 'other';
}

/** Whether a file's name is that of an image, decoded or not, wherever it lies. */
const namesImage = (name: string): boolean => ['image', 'undecoded'].includes(kindOfFile(name));

/**
 * Whether a path has an image's extension and no part is hidden: archives made on a Mac have `._x.jpg` and
 * `__MACOSX`.
 */
export const isImage = (path: string): boolean => kindOfFile(path) === 'image';

/**
 * Under which heading a file that is not read is counted: the ending (`.txt`), the hidden folder that it lies
 * in (`.cache/`, images as `.cache/*.jpg`), or what kind of hidden file it is.
 */
export function headingOf(path: string): string {
  const parts = path.split('/');
  const name = parts.pop() as string;
  const folder = parts.find(isHidden);
  const ending = endingIn(name);
  if (folder !== undefined)
    return `${folder}/${ending !== undefined && namesImage(name) ? `*.${ending}` : ''}`;
  if (name.startsWith('._')) return '._*';
  if (!isHidden(name)) return ending === undefined ? '(no ending)' : `.${ending}`;
  return name.lastIndexOf('.') === 0 ? name : `.${ending} (hidden)`;
}

/** Counts files under their headings, which are ordered by bytes. */
export function countLeftOut(paths: Iterable<string>): LeftOut {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(headingOf(path), (counts.get(headingOf(path)) ?? 0) + 1);
  return Object.fromEntries(sortedByBytes(counts.keys()).map((key) => [key, counts.get(key) as number]));
}

/** The sums of two counts. */
export function addLeftOut(one: LeftOut = {}, other: LeftOut): LeftOut {
  const sums = new Map(Object.entries(one));
  for (const [heading, count] of Object.entries(other)) sums.set(heading, (sums.get(heading) ?? 0) + count);
  return Object.fromEntries(sums);
}

/** "3 .txt, 1 .pdf"; '' where nothing was left out. */
export const leftOutInWords = (leftOut: LeftOut): string =>
  Object.entries(leftOut)
    .map(([heading, count]) => `${count} ${heading}`)
    .join(', ');

/**
 * Names ordered by their UTF-8 bytes. Decoded as Latin-1, each byte is one code unit, and strings sort by code
 * units.
 */
export function sortedByBytes(names: Iterable<string>): string[] {
  const keys = Array.from(names, (name) => Buffer.from(name, 'utf8').toString('latin1'));
  return keys.toSorted().map((key) => Buffer.from(key, 'latin1').toString('utf8'));
}

/** The first folder of a path that has one. */
export const topOf = (path: string): string => path.slice(0, path.indexOf('/'));

export const afterTop = (path: string): string => path.slice(path.indexOf('/') + 1);

export const isNested = (path: string): boolean => path.includes('/');

export const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** `"a", "b", "c", …`: the first three names, for messages. */
export function quoted(names: Iterable<string>): string {
  const all = [...names];
  const shown = all.slice(0, 3).map((name) => `"${name}"`);
  return [...shown, ...(all.length > 3 ? ['…'] : [])].join(', ');
}
