/**
 * A tar archive of images, or a folder of such archives (shards). Files are read in any order, without
 * unpacking.
 */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dataError, fileError, systemReason } from '../fail';
import { type OpenFile, OpenFiles } from '../open-files';
import type { Problem, DatasetSource } from '../source';
import { filesOfArchives } from '../stored-files';
import { type Extent, scanArchive } from './archive';
import type { Format, Opening } from './format';
import { addLeftOut, countLeftOut, kindOfFile } from '../layout/names';
import { isImage, type Listing, listImages, type ListingOptions, sortedByBytes } from './listing';
import { listingOptions } from './listing-options';
import { namesOfRun, RUN_FILE } from './own-run';
import { pathOfId, readNames } from './paths';
import { pickSamples } from './sample-splits';
import { keyOf } from './samples';
import { isLabelFile, listSamples } from './webdataset';

const COMPRESSED = /\.(tgz|tbz2?|txz|tar\.(gz|bz2|xz|zst|lz4))$/i;

export const tar: Format = {
  name: 'tar',
  summary:
    'a .tar of class folders or WebDataset samples (.jpg with .cls, .json or .txt), or a folder of such shards',
  matches,
  open,
};

async function matches(root: string): Promise<boolean> {
  const info = await fs.stat(root).catch(() => undefined);
  if (info?.isFile()) return isTar(root) || COMPRESSED.test(root);
  if (!info?.isDirectory()) return false;
  const entries = await fs.readdir(root, { withFileTypes: true }).catch(() => []);
  const seen = entries.filter(({ name }) => !name.startsWith('.'));
  if (!seen.some(({ name }) => isTar(name) || COMPRESSED.test(name))) return false;
  const folders = seen.filter((entry) => entry.isDirectory());
  const found = await Promise.all(folders.map(({ name }) => holdsImages(root, name)));
  return !found.includes(true);
}

/** Whether an image lies in a folder of shards' own folder: then the folders are the data set, not the archives. */
async function holdsImages(root: string, folder: string): Promise<boolean> {
  const names = await fs.readdir(path.join(root, folder), { recursive: true }).catch(() => []);
  return names.some(isImage);
}

/** Keeps few of the shards open at a time, see OpenFiles. */
async function open(options: Opening): Promise<DatasetSource> {
  const { path: root } = options;
  const shards = await shardsOf(root);
  const archives = new OpenFiles();
  const close = () => archives.close();
  try {
    const content = await indexShards(shards, archives);
    const listing = listed(content, await listingOptions(options), shards[0].prefix !== '');
    const { items } = listing;
    const beside = shards[0].prefix === '' ? { problems: [], others: [] } : await besideShards(root);
    const problems = [...content.problems, ...listing.problems, ...beside.problems];
    const leftOut = addLeftOut(listing.leftOut, countLeftOut(beside.others));
    const read = (index: number) => readPlace(items[index].id, content.places.get(items[index].id) as Place);
    const files = filesOfArchives(shards.map((shard) => shard.path));
    const names = shards[0].prefix === '' ? undefined : await namesOfRun(root, listing.classes.length);
    const classes = listing.items.some(({ soft }) => soft) && names ? names : listing.classes;
    return { ...listing, classes, format: tar.name, problems, leftOut, read, files, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Shard {
  readonly file: string;
  /** What opens it. */
  readonly path: string | Buffer;
  /** Prefix of the ids of its entries: 'shard.tar/' in a folder of shards, '' for a single archive. */
  readonly prefix: string;
}

interface Place extends Extent {
  readonly archive: OpenFile;
}

/** What all shards hold, by id. */
interface Content {
  places: Map<string, Place>;
  texts: Map<string, string | undefined>;
  problems: Problem[];
  /** Files that are there and cannot be read; their classes are classes. */
  unread: string[];
}

async function shardsOf(root: string): Promise<Shard[]> {
  const info = await fs.stat(root).catch((error: unknown) => {
    throw dataError(root, `cannot be opened: ${systemReason(error)}`, error);
  });
  const names = info.isDirectory() ? sortedByBytes(await readNames(root)) : [root];
  const compressed = names.find((name) => COMPRESSED.test(name));
  if (compressed !== undefined) {
    throw dataError(
      info.isDirectory() ? path.join(root, compressed) : root,
      'is compressed: unpack it, or make a plain .tar: compressed archives cannot be read at random',
    );
  }
  if (!info.isDirectory()) return [{ file: root, path: root, prefix: '' }];
  const shards = names.filter((name) => isTar(name) && !name.startsWith('.'));
  if (shards.length === 0) throw dataError(root, 'holds no .tar files');
  return shards.map((name) => ({
    file: path.join(root, name),
    path: pathOfId(root, name),
    prefix: `${name}/`,
  }));
}

/** What lies beside the shards: images are problems, other files are counted. */
async function besideShards(root: string): Promise<{ problems: Problem[]; others: string[] }> {
  const names = sortedByBytes(await readNames(root)).filter((name) => !isTar(name));
  const isOurs = names.includes(RUN_FILE);
  const isStray = (name: string) => isImage(name) && !(isOurs && name === PREVIEW_FILE);
  return {
    problems: names
      .filter(isStray)
      .map((file) => ({ file, reason: 'lies beside the shards; it is left out' })),
    others: names.filter((name) => !isStray(name)),
  };
}

/** What `augment` writes beside its shards, of its own images. */
const PREVIEW_FILE = 'preview.png';

/** Scans the shards one after another. */
async function indexShards(shards: readonly Shard[], archives: OpenFiles): Promise<Content> {
  const content: Content = { places: new Map(), texts: new Map(), problems: [], unread: [] };
  for (const { file, path: place, prefix } of shards) {
    const archive = archives.file(place);
    const { files, texts, problems, unread } = await scanArchive(file, isLabelFile, archive);
    for (const [name, { offset, size }] of files)
      content.places.set(prefix + name, { archive, offset, size });
    for (const [name, text] of texts) content.texts.set(prefix + name, text);
    for (const name of unread) content.unread.push(prefix + name);
    for (const { file: name, reason } of problems) content.problems.push({ file: prefix + name, reason });
  }
  return content;
}

/** WebDataset samples where labels come with the images, unless classes were asked for from elsewhere. */
function listed(content: Content, options: ListingOptions, inShards: boolean): Listing {
  const { root, split, prefer, classesFrom, classPattern, classList } = options;
  const ids = [...content.places.keys()];
  const within = inShards ? (id: string) => id.slice(id.indexOf('/') + 1) : undefined;
  const isByFile = classesFrom === undefined && classPattern === undefined && classList === undefined;
  const samples = isByFile ? listSamples(ids, { texts: content.texts, root, within }) : undefined;
  if (samples) {
    const keys = new Set(ids.filter(isImage).map(keyOf));
    const isLabel = (id: string) => content.texts.has(id) && keys.has(keyOf(id));
    const isCounted = (id: string) => ['other', 'hidden'].includes(kindOfFile(within?.(id) ?? id));
    const others = ids.filter((id) => isCounted(id) && !isLabel(id));
    const leftOut = countLeftOut(others.map(within ?? String));
    return { leftOut, ...pickSamples(samples, { root, split, prefer, within }) };
  }
  const [first] = content.problems;
  if (first && !ids.some((id) => isImage(id))) {
    const said = `the first: "${first.file}" ${first.reason}`;
    throw dataError(
      root,
      `holds no images that can be read, ${content.problems.length} entries were refused; ${said}`,
    );
  }
  const listing = listImages([...ids, ...content.unread], { ...options, within });
  return { ...listing, items: listing.items.filter(({ id }) => content.places.has(id)) };
}

const EMPTY = new Uint8Array(0);

async function readPlace(id: string, { archive, offset, size }: Place): Promise<Uint8Array> {
  let bytes = EMPTY;
  let done = 0;
  try {
    bytes = new Uint8Array(size);
    await archive.use(async (handle) => {
      while (done < size) {
        const { bytesRead } = await handle.read(bytes, done, size - done, offset + done);
        if (bytesRead === 0) return;
        done += bytesRead;
      }
    });
  } catch (error) {
    throw fileError(id, `cannot be read from its archive: ${systemReason(error)}`, error);
  }
  if (done < size) throw fileError(id, 'is no longer whole: its archive grew shorter after it was opened');
  return bytes;
}

function isTar(name: string): boolean {
  return /\.tar$/i.test(name);
}
