/**
 * A tar archive of images, or such archives in a folder (shards). Files are read in any order, without
 * unpacking.
 */
import { promises as fs } from 'node:fs';
import { dataError, fileError, systemReason } from '../fail';
import { type Limits, limitsOf, tooManyBytes } from '../limits';
import { type OpenFile, OpenFiles } from '../open-files';
import type { Problem, DatasetSource } from '../source';
import { filesOfArchives } from '../stored-files';
import { type Extent, scanArchive } from './archive';
import type { Format, Opening } from './format';
import { addLeftOut, baseOf, countLeftOut, kindOfFile } from '../layout/names';
import { isSplitName } from '../layout/splits';
import type { Reading } from './label-values';
import { isImage, type Listing, listImages, type ListingOptions } from './listing';
import { listingOptions } from './listing-options';
import { namesOfRun } from './own-run';
import { pickSamples } from './sample-splits';
import { keyOf } from './samples';
import { besideShards, isArchive, type Shard, shardFolders, shardsIn, singleShard } from './shards';
import { isLabelFile, labelIn, listSamples } from './webdataset';

export const tar: Format = {
  name: 'tar',
  summary:
    'a .tar of class folders or WebDataset samples (.jpg with .cls, .json or .txt), or a folder of such shards, with or without train/val/test above them',
  matches,
  open,
};

async function matches(root: string): Promise<boolean> {
  const info = await fs.stat(root).catch(() => undefined);
  if (info?.isFile()) return isArchive(root);
  return info?.isDirectory() ? (await shardFolders(root).catch(() => [])).length > 0 : false;
}

/** Keeps few of the shards open at a time, see OpenFiles. */
async function open(options: Opening): Promise<DatasetSource> {
  const { path: root } = options;
  const limits = limitsOf(options);
  const folders = await foldersOf(root);
  const shards = folders ? await shardsIn(root, folders) : [await singleShard(root)];
  const archives = new OpenFiles();
  const close = () => archives.close();
  try {
    const content = await indexShards(shards, archives, limits);
    const listing = listed(content, await listingOptions(options), folders);
    const { items } = listing;
    const beside = folders ? await besideShards(root, shards, folders) : { problems: [], others: [] };
    const problems = [...content.problems, ...listing.problems, ...beside.problems];
    const leftOut = addLeftOut(listing.leftOut, countLeftOut(beside.others));
    const read = async (index: number) => {
      const { id } = items[index];
      const place = content.places.get(id) as Place;
      if (place.size > limits.maxFileBytes) throw fileError(id, tooManyBytes(place.size, limits));
      return readPlace(id, place);
    };
    const files = filesOfArchives(
      shards.map((shard) => shard.path),
      folders && shards.map(({ name }) => name),
    );
    const names = folders && (await namesOfRun(root, listing.classes.length, limits));
    const classes = listing.items.some(({ soft }) => soft) && names ? names : listing.classes;
    return { ...listing, classes, format: tar.name, problems, leftOut, limits, read, files, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The folders of the shards; undefined for a single archive. */
async function foldersOf(root: string): Promise<string[] | undefined> {
  const info = await fs.stat(root).catch((error: unknown) => {
    throw dataError(root, `cannot be opened: ${systemReason(error)}`, error);
  });
  if (!info.isDirectory()) return undefined;
  const found = await shardFolders(root);
  return found.length > 0 ? found : [''];
}

interface Place extends Extent {
  readonly archive: OpenFile;
}

/** What all shards hold, by id. */
interface Content {
  places: Map<string, Place>;
  labels: Map<string, Reading | undefined>;
  problems: Problem[];
  /** Files that are there and cannot be read; their classes are classes. */
  unread: string[];
}

/** Scans the shards one after another. */
async function indexShards(shards: readonly Shard[], archives: OpenFiles, limits: Limits): Promise<Content> {
  const content: Content = { places: new Map(), labels: new Map(), problems: [], unread: [] };
  for (const { file, path: place, name: shard } of shards) {
    const prefix = shard === '' ? '' : `${shard}/`;
    const archive = archives.file(place);
    const how = { limits, archive, keep: labelIn };
    const { files, texts, problems, unread } = await scanArchive(file, isLabelFile, how);
    for (const [name, { offset, size }] of files)
      content.places.set(prefix + name, { archive, offset, size });
    for (const [name, label] of texts) content.labels.set(prefix + name, label);
    for (const name of unread) content.unread.push(prefix + name);
    for (const { file: name, reason } of problems) content.problems.push({ file: prefix + name, reason });
  }
  return content;
}

/** WebDataset samples where labels come with the images, unless classes were asked for from elsewhere. */
function listed(content: Content, options: ListingOptions, folders: readonly string[] | undefined): Listing {
  const { root, split, prefer, classesFrom, classPattern, classList } = options;
  const ids = [...content.places.keys()];
  const places = folders && placesIn(folders);
  const within = places?.within;
  const isByFile = classesFrom === undefined && classPattern === undefined && classList === undefined;
  const samples = isByFile ? listSamples(ids, { labels: content.labels, root, within }) : undefined;
  if (samples) {
    const keys = new Set(ids.filter(isImage).map(keyOf));
    const isLabel = (id: string) => content.labels.has(id) && keys.has(keyOf(id));
    const isCounted = (id: string) => ['other', 'hidden'].includes(kindOfFile(within?.(id) ?? id));
    const others = ids.filter((id) => isCounted(id) && !isLabel(id));
    const leftOut = countLeftOut(others.map(within ?? String));
    return { leftOut, ...pickSamples(samples, { root, split, prefer, ...places }) };
  }
  if (content.problems.length > 0 && !ids.some((id) => isImage(id))) throw noneReadable(root, content);
  const listing = listImages([...ids, ...content.unread], { ...options, within: places?.placed });
  const items = listing.items.filter(({ id }) => content.places.has(id));
  if (items.length === 0) throw noneReadable(root, content);
  return { ...listing, items };
}

/** The error for entries of which all that would be images are refused. */
function noneReadable(root: string, { problems }: Content): Error {
  const [{ file, reason }] = problems;
  return dataError(
    root,
    `holds no images that can be read, ${problems.length} ${problems.length === 1 ? 'entry was' : 'entries were'} refused; the first: "${file}" ${reason}`,
  );
}

/** The parts of ids in shards: the name of the shard, the path in it, and that with the shard's folder before it. */
function placesIn(folders: readonly string[]) {
  const partsOf = (id: string) => {
    const folder = folders.find((one) => one !== '' && id.startsWith(`${one}/`)) ?? '';
    const start = folder === '' ? 0 : folder.length + 1;
    const cut = id.indexOf('/', start);
    return { folder, shard: id.slice(start, cut), path: id.slice(cut + 1) };
  };
  const areSplits = isSplitName(baseOf(folders[0]));
  return {
    within: (id: string) => partsOf(id).path,
    placed: (id: string) => {
      const { folder, path } = partsOf(id);
      return folder === '' ? path : `${folder}/${path}`;
    },
    splitOf: areSplits ? (id: string) => baseOf(partsOf(id).folder) : undefined,
    shardOf: (id: string) => partsOf(id).shard,
  };
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
