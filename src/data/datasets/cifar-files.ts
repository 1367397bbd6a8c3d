/**
 * Finds the files of CIFAR: in the given folder, in a folder within it, or in a tar archive. Recognises its version for Matlab, so
 * that the user is told which one to download.
 */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dataError, systemReason } from '../fail';
import type { Limits } from '../limits';
import { readSmallFile } from '../small-file';
import { scanArchive } from './archive';
import { isImage } from './listing';
import { type FolderEntry, readFolder } from './paths';
import { members } from './tar-members';

type Version = 'binary' | 'python' | 'matlab';

export interface Found {
  /** The folder or archive. */
  readonly path: string;
  readonly version: Version;
  readonly classes: 10 | 100;
  /** In an archive: the folder of the files, with a '/' at its end. */
  readonly prefix?: string;
  /** Other folders with data: one of them may be meant. */
  readonly rivals?: readonly string[];
}

/** Names of the files with images, of each version. */
const FILES: readonly { version: Version; classes: 10 | 100; name: RegExp }[] = [
  { version: 'binary', classes: 10, name: /^(data_batch_\d+|test_batch)\.bin$/ },
  { version: 'binary', classes: 100, name: /^(train|test)\.bin$/ },
  { version: 'python', classes: 10, name: /^(data_batch_\d+|test_batch)$/ },
  { version: 'python', classes: 100, name: /^(train|test)$/ },
  { version: 'matlab', classes: 10, name: /^(data_batch_\d+|test_batch)\.mat$/ },
  { version: 'matlab', classes: 100, name: /^(train|test)\.mat$/ },
];

/** Names of the published archives. */
const ARCHIVE = /^cifar-(100?)-(binary|python|matlab)\.tar(\.gz)?$/;

/** Folders with more folders than this are not searched: they are class folders. */
const MOST_FOLDERS = 8;
const DEEPEST = 3;

/** Members of an archive that are looked at. */
const FIRST_MEMBERS = 16;

/** Finds CIFAR at a path; undefined if it is not there. Never rejects. */
export async function findCifar(root: string): Promise<Found | undefined> {
  const info = await fs.stat(root).catch(() => undefined);
  try {
    if (info?.isFile()) return await inArchive(root);
    if (!info?.isDirectory()) return undefined;
    const { found, others } = await inFolder(root, DEEPEST);
    const [first, ...rest] = ofBestVersion(found);
    if (first === undefined || first.version === 'matlab') return others.length > 0 ? undefined : first;
    const rivals = [...rest.map((other) => other.path), ...others];
    return { ...first, rivals: first.path === root ? [] : rivals };
  } catch {
    return undefined; // opening it gives the error
  }
}

/** Those of the version that is read soonest, as the versions have the same images. */
function ofBestVersion(found: readonly Found[]): Found[] {
  const best = (['binary', 'python', 'matlab'] as const).find((one) =>
    found.some(({ version }) => version === one),
  );
  return found.filter(({ version }) => version === best);
}

/** What to do with files that are not read; undefined for those that are. */
export function adviceFor({ version, classes, path: file }: Found): string | undefined {
  const set = `CIFAR-${classes}`;
  const archive = `cifar-${classes}-binary.tar.gz`;
  if (version === 'matlab') {
    return `is the Matlab version of ${set}, which is not read: take the binary version, ${archive}, from https://www.cs.toronto.edu/~kriz/cifar.html, and unpack it`;
  }
  return file.endsWith('.gz')
    ? 'is compressed: unpack it (tar xzf, or gunzip to a plain .tar), then name the folder or the .tar'
    : undefined;
}

/** Files of one version in a folder or archive. */
export interface CifarFiles {
  readonly names: readonly string[];
  /** The path of a file, for messages. */
  pathOf(name: string): string;
  /** Opens a file. Its bytes begin at `offset` of the handle. */
  open(name: string): Promise<{ handle: fs.FileHandle; offset: number; size: number }>;
  /** Its bytes; 0 if it cannot be looked at. */
  sizeOf(name: string): Promise<number>;
  /** The content of a text file; '' if it does not exist. Rejects for one that is too large. */
  text(name: string): Promise<string>;
  /** The paths of those files, or that of the archive they are in. */
  stored(names: readonly string[]): string[];
  close(): Promise<void>;
}

export async function openFolder(root: string, limits: Limits): Promise<CifarFiles> {
  const names = await fs.readdir(root).catch((error: unknown) => {
    throw dataError(root, `cannot be opened as a folder: ${systemReason(error)}`, error);
  });
  const handles: fs.FileHandle[] = [];
  return {
    names,
    pathOf: (name) => path.join(root, name),
    async open(name) {
      const handle = await opened(path.join(root, name));
      handles.push(handle);
      return { handle, offset: 0, size: (await handle.stat()).size };
    },
    sizeOf: (name) =>
      fs.stat(path.join(root, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    text: async (name) => (await readSmallFile(path.join(root, name), limits, 'maxLabelBytes')) ?? '',
    stored: (chosen) => chosen.map((name) => path.join(root, name)),
    close: async () => void (await Promise.all(handles.splice(0).map((handle) => handle.close()))),
  };
}

export async function openArchive(file: string, prefix: string, limits: Limits): Promise<CifarFiles> {
  const { files, texts } = await scanArchive(file, (name) => name.endsWith('.txt'), { limits });
  const handle = await opened(file);
  return {
    names: [...files.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length)),
    pathOf: (name) => `${file}/${prefix}${name}`,
    open: async (name) => ({ handle, ...(files.get(prefix + name) as { offset: number; size: number }) }),
    sizeOf: async (name) => files.get(prefix + name)?.size ?? 0,
    async text(name) {
      const text = texts.get(prefix + name) ?? '';
      if (typeof text !== 'string') throw dataError(`${file}/${prefix}${name}`, text.fault);
      return text;
    },
    stored: () => [file],
    close: () => handle.close(),
  };
}

async function opened(file: string): Promise<fs.FileHandle> {
  return fs.open(file).catch((error: unknown) => {
    throw dataError(file, `cannot be read: ${systemReason(error)}`, error);
  });
}

/** Searches a folder and the folders within it. `others` are folders with images, or that were not searched. */
async function inFolder(folder: string, depth: number): Promise<{ found: Found[]; others: string[] }> {
  const entries = (await readFolder(folder)).filter(({ name }) => !name.startsWith('.'));
  // Other data has files of these names, too: within the given folder, only folders named after CIFAR count.
  const isNamed = depth === DEEPEST || /cifar/i.test(path.basename(folder));
  const own = isNamed ? await versionOf(folder, entries) : undefined;
  if (own) return { found: [own], others: [] };
  if (entries.some((entry) => isImage(entry.name))) return { found: [], others: [folder] };
  const folders = entries.filter((entry) => entry.isDirectory());
  if (depth === 0 || folders.length > MOST_FOLDERS) {
    return { found: [], others: folders.length > 0 ? [folder] : [] };
  }
  const below = [];
  for (const { name } of folders) below.push(await inFolder(path.join(folder, name), depth - 1));
  const found = below.flatMap((one) => one.found);
  if (found.length === 0) found.push(...(await published(folder, entries)));
  return { found, others: below.flatMap((one) => one.others) };
}

async function versionOf(folder: string, entries: readonly FolderEntry[]): Promise<Found | undefined> {
  for (const { version, classes, name } of FILES) {
    const file = entries.find((entry) => name.test(entry.name))?.name;
    if (file === undefined) continue;
    if (
      classes === 100 &&
      version !== 'binary' &&
      !entries.some((entry) => /^meta(\.mat)?$/.test(entry.name))
    )
      continue;
    if (version === 'python' && !(await isPickle(path.join(folder, file)))) continue;
    return { path: folder, version, classes };
  }
  return undefined;
}

/** Whether a file begins like a pickle of protocol 2 or later; the authors' have protocol 2. */
async function isPickle(file: string): Promise<boolean> {
  if (!(await fs.stat(file)).isFile()) return false;
  const handle = await fs.open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x80 && buffer[1] <= 5;
  } finally {
    await handle.close();
  }
}

/** The published archives in a folder. */
async function published(folder: string, entries: readonly FolderEntry[]): Promise<Found[]> {
  const named = entries.flatMap(({ name }) => byArchiveName(path.join(folder, name)) ?? []);
  const looked = await Promise.all(named.map((found) => inArchive(found.path)));
  const there = looked.filter((found) => found !== undefined);
  const plain = there.filter((found) => adviceFor(found) === undefined);
  return plain.length > 0 ? plain : there;
}

function byArchiveName(file: string): Found | undefined {
  const match = ARCHIVE.exec(path.basename(file));
  return match
    ? { path: file, version: match[2] as Version, classes: match[1] === '10' ? 10 : 100 }
    : undefined;
}

async function inArchive(file: string): Promise<Found | undefined> {
  const named = byArchiveName(file);
  if (file.endsWith('.gz') || !/\.tar$/i.test(file)) return named;
  const handle = await fs.open(file);
  try {
    let seen = 0;
    for await (const { name, kind } of members(handle)) {
      if (kind === 'file') {
        const found = ofMember(file, name);
        if (found) return found;
      }
      if (++seen === FIRST_MEMBERS) break;
    }
  } finally {
    await handle.close();
  }
  return undefined;
}

function ofMember(file: string, name: string): Found | undefined {
  const base = path.posix.basename(name);
  const one = FILES.find((each) => each.name.test(base));
  // A file named "train" can be anything: those are recognised by the folder they are published in.
  const isCommon = one?.classes === 100 && one.version !== 'binary';
  if (!one || (isCommon && !/(^|\/)cifar-/.test(name))) return undefined;
  return {
    path: file,
    version: one.version,
    classes: one.classes,
    prefix: path.posix.normalize(name).slice(0, -base.length),
  };
}
