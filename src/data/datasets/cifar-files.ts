/**
 * Where CIFAR's binary files are: in the folder named, in one folder below it, or in the tar archive they are published in.
 * The other versions of the same data are recognised, to say which one to take.
 */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dataError, systemReason } from '../fail';
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
  /** In an archive: what its members' names begin with. */
  readonly prefix?: string;
  /** Other folders that may be meant. */
  readonly rivals?: readonly string[];
}

/** Names of the files of each version that hold images. */
const FILES: readonly { version: Version; classes: 10 | 100; name: RegExp }[] = [
  { version: 'binary', classes: 10, name: /^(data_batch_\d+|test_batch)\.bin$/ },
  { version: 'binary', classes: 100, name: /^(train|test)\.bin$/ },
  { version: 'python', classes: 10, name: /^(data_batch_\d+|test_batch)$/ },
  { version: 'python', classes: 100, name: /^(train|test)$/ },
  { version: 'matlab', classes: 10, name: /^(data_batch_\d+|test_batch)\.mat$/ },
  { version: 'matlab', classes: 100, name: /^(train|test)\.mat$/ },
];

/** The archives as they are published. */
const ARCHIVE = /^cifar-(100?)-(binary|python|matlab)\.tar(\.gz)?$/;

/** A parent has few folders: a data set with many classes is not searched. */
const MOST_FOLDERS = 8;
const DEEPEST = 3;

/** The archive's kind shows in its first members. */
const FIRST_MEMBERS = 16;

/** What is there of CIFAR; undefined for anything else. Never rejects. */
export async function findCifar(root: string): Promise<Found | undefined> {
  const info = await fs.stat(root).catch(() => undefined);
  try {
    if (info?.isFile()) return await inArchive(root);
    if (!info?.isDirectory()) return undefined;
    const { found, others } = await inFolder(root, DEEPEST);
    const binary = found.filter(({ version }) => version === 'binary');
    const rivals = [...binary.slice(1).map((other) => other.path), ...others];
    if (binary.length > 0) return { ...binary[0], rivals: binary[0].path === root ? [] : rivals };
    return others.length > 0 ? undefined : found[0];
  } catch {
    return undefined; // what cannot be read is told by who opens it
  }
}

/** Which download to take instead; undefined where this one is right. */
export function adviceFor({ version, classes, path: file }: Found): string | undefined {
  const set = `CIFAR-${classes}`;
  const archive = `cifar-${classes}-binary.tar.gz`;
  if (version !== 'binary') {
    const called = version === 'python' ? 'Python version (pickles)' : 'Matlab version';
    return `is the ${called} of ${set}, which is not read: take the binary version, ${archive}, from https://www.cs.toronto.edu/~kriz/cifar.html, and unpack it`;
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
  /** A file, and where it lies in what was opened. */
  open(name: string): Promise<{ handle: fs.FileHandle; offset: number; size: number }>;
  /** A text file; empty where there is none. */
  text(name: string): Promise<string>;
  /** The paths of those files, or that of the archive they are in. */
  stored(names: readonly string[]): string[];
  close(): Promise<void>;
}

export async function openFolder(root: string): Promise<CifarFiles> {
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
    text: (name) => fs.readFile(path.join(root, name), 'utf8').catch(() => ''),
    stored: (chosen) => chosen.map((name) => path.join(root, name)),
    close: async () => void (await Promise.all(handles.splice(0).map((handle) => handle.close()))),
  };
}

export async function openArchive(file: string, prefix: string): Promise<CifarFiles> {
  const { files, texts } = await scanArchive(file, (name) => name.endsWith('.txt'));
  const handle = await opened(file);
  return {
    names: [...files.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length)),
    pathOf: (name) => `${file}/${prefix}${name}`,
    open: async (name) => ({ handle, ...(files.get(prefix + name) as { offset: number; size: number }) }),
    text: async (name) => texts.get(prefix + name) ?? '',
    stored: () => [file],
    close: () => handle.close(),
  };
}

async function opened(file: string): Promise<fs.FileHandle> {
  return fs.open(file).catch((error: unknown) => {
    throw dataError(file, `cannot be read: ${systemReason(error)}`, error);
  });
}

/** What there is in a folder and in those below it; `others` hold images, or are too many to be looked at. */
async function inFolder(folder: string, depth: number): Promise<{ found: Found[]; others: string[] }> {
  const entries = (await readFolder(folder)).filter(({ name }) => !name.startsWith('.'));
  // Below the folder that was named, others may have files of these names; CIFAR's lie in folders called so.
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

/** Whether a file begins as pickles do since Python 2.3; the authors' are of protocol 2. */
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

/** Archives that lie in a folder as they were downloaded. */
async function published(folder: string, entries: readonly FolderEntry[]): Promise<Found[]> {
  const named = entries.flatMap(({ name }) => byArchiveName(path.join(folder, name)) ?? []);
  const looked = await Promise.all(named.map((found) => inArchive(found.path)));
  const plain = looked.filter((found) => found?.version === 'binary' && !adviceFor(found));
  return (plain.length > 0 ? plain : looked).filter((found) => found !== undefined);
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
  // "train" alone is no sign of CIFAR-100's pickles; the folder that it is published in is.
  if (!one || (one.version !== 'binary' && !/(^|\/)cifar-/.test(name))) return undefined;
  return {
    path: file,
    version: one.version,
    classes: one.classes,
    prefix: path.posix.normalize(name).slice(0, -base.length),
  };
}
