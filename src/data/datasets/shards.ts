/**
 * The tar archives of a data set (shards): where they are, and what lies beside them. They are in the folder that is
 * named, below folders above everything, or in folders of splits.
 */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dataError } from '../fail';
import { baseOf, kindOfFile, quoted } from '../layout/names';
import { isSplitName } from '../layout/splits';
import type { Problem } from '../source';
import { isImage, sortedByBytes } from './listing';
import { RUN_FILE } from './own-run';
import { type FolderEntry, pathOfId, readFolder } from './paths';
import { walk } from './walk';

const COMPRESSED = /\.(tgz|tbz2?|txz|tar\.(gz|bz2|xz|zst|lz4))$/i;

const isTar = (name: string): boolean => /\.tar$/i.test(name);
export const isArchive = (name: string): boolean => isTar(name) || COMPRESSED.test(name);

export interface Shard {
  readonly file: string;
  /** What opens it. */
  readonly path: string | Buffer;
  /** Its path in a folder of shards, which its entries' ids begin with; '' for a single archive. */
  readonly name: string;
}

/** Deeper folders are not looked into for shards. */
const DEEPEST = 8;

/**
 * The folders that hold the shards, as ids: '' for the one that is named. None where this is no folder of shards, as
 * where images lie in folders beside them.
 */
export async function shardFolders(root: string, within = ''): Promise<string[]> {
  const entries = await seenIn(root, within);
  if (entries.some(({ name }) => isArchive(name)))
    return (await holdImages(root, within, entries)) ? [] : [within];
  if (entries.some(({ name }) => isImage(name))) return [];
  const folders = [];
  for (const entry of entries) {
    const id = inside(within, entry.name);
    if (await isFolder(root, id, entry)) folders.push(id);
  }
  const found = [];
  for (const folder of folders) {
    if (isSplitName(baseOf(folder)) && (await holdsShards(root, folder))) found.push(folder);
  }
  const [only, ...more] = folders;
  if (found.length > 0 || only === undefined || more.length > 0) return sortedByBytes(found);
  return only.split('/').length < DEEPEST ? shardFolders(root, only) : [];
}

const inside = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

/** The entries of a folder that are not hidden. */
const seenIn = async (root: string, within: string): Promise<FolderEntry[]> =>
  (await readFolder(root, within)).filter(({ name }) => !name.startsWith('.'));

async function holdsShards(root: string, folder: string): Promise<boolean> {
  const entries = await seenIn(root, folder);
  return entries.some(({ name }) => isArchive(name)) && !(await holdImages(root, folder, entries));
}

/** Whether an image lies in a folder beside shards: then the folders are the data set, not the archives. */
async function holdImages(root: string, within: string, entries: readonly FolderEntry[]): Promise<boolean> {
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const folder = pathOfId(root, inside(within, entry.name));
    const names = await fs.readdir(folder as string, { recursive: true }).catch(() => []);
    if (names.some(isImage)) return true;
  }
  return false;
}

async function isFolder(root: string, id: string, entry: FolderEntry): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await fs.stat(pathOfId(root, id)).catch(() => undefined);
  return target?.isDirectory() ?? false;
}

/** @throws (rejects) SaliencyMixError DATA for archives that are compressed, or none */
export async function shardsIn(root: string, folders: readonly string[]): Promise<Shard[]> {
  const shards: Shard[] = [];
  for (const folder of folders) {
    for (const name of sortedByBytes((await seenIn(root, folder)).map((entry) => entry.name))) {
      const id = inside(folder, name);
      if (COMPRESSED.test(name)) throw compressed(path.join(root, id));
      if (isTar(name)) shards.push({ file: path.join(root, id), path: pathOfId(root, id), name: id });
    }
  }
  if (shards.length === 0) throw dataError(root, 'holds no .tar files');
  return shards;
}

/** A single archive as the only shard. */
export async function singleShard(file: string): Promise<Shard> {
  if (COMPRESSED.test(file)) throw compressed(file);
  return { file, path: file, name: '' };
}

const compressed = (file: string) =>
  dataError(
    file,
    'is compressed: unpack it, or make a plain .tar: compressed archives cannot be read at random',
  );

/** What `augment` writes beside its shards, of its own images. */
const PREVIEW_FILE = 'preview.png';

/**
 * What lies beside the shards: images are problems, other files are counted.
 * @throws (rejects) SaliencyMixError DATA where one split is in shards and another in folders
 */
export async function besideShards(
  root: string,
  shards: readonly Shard[],
  folders: readonly string[],
): Promise<{ problems: Problem[]; others: string[] }> {
  const own = new Set(shards.map(({ name }) => name));
  const found = await walk(root);
  const files = sortedByBytes(found.files.filter((id) => !own.has(id)));
  const isOurs = files.includes(RUN_FILE);
  const isImageFile = (id: string) =>
    ['image', 'undecoded'].includes(kindOfFile(id)) && !(isOurs && id === PREVIEW_FILE);
  const problems: Problem[] = [];
  const inFolders = new Map<string, number>();
  for (const id of files.filter(isImageFile)) {
    const folder = folderOf(id);
    if (folder === '' || folders.includes(folder))
      problems.push({ file: id, reason: 'lies beside the shards; it is left out' });
    else inFolders.set(folder, (inFolders.get(folder) ?? 0) + 1);
  }
  checkSplits(root, folders, [...inFolders.keys()]);
  for (const [file, count] of inFolders) {
    const images = count === 1 ? 'the image in it is' : `the ${count} images in it are`;
    problems.push({ file, reason: `is a folder beside the shards; ${images} left out` });
  }
  return {
    problems: [...found.problems, ...problems],
    others: files.filter((id) => !isImageFile(id)),
  };
}

const folderOf = (id: string): string => id.slice(0, Math.max(0, id.lastIndexOf('/')));

function checkSplits(root: string, folders: readonly string[], withImages: readonly string[]): void {
  const [first] = folders;
  if (!isSplitName(baseOf(first))) return;
  const depth = first.split('/').length;
  const tops = new Set(withImages.map((folder) => folder.split('/').slice(0, depth).join('/')));
  const rivals = [...tops].filter((top) => isSplitName(baseOf(top)) && folderOf(top) === folderOf(first));
  if (rivals.length === 0) return;
  throw dataError(
    root,
    `has archives in ${quoted(folders)} and images in ${quoted(rivals)}, so they are no splits of one data set: name the folder that is meant, or keep all splits in one form`,
  );
}
