/**
 * A tar archive of images, or a folder of such archives (shards). Files are read in any order, without
 * unpacking.
 */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { dataError, fileError, systemReason } from '../fail';
import type { Problem, DatasetSource } from '../source';
import { filesOfArchives } from '../stored-files';
import { type Extent, scanArchive } from './archive';
import type { Format, OpenOptions } from './format';
import { type Listing, listImages, sortedByBytes } from './listing';
import { isLabelFile, listSamples } from './webdataset';

const COMPRESSED = /\.(tgz|tbz2?|txz|tar\.(gz|bz2|xz|zst|lz4))$/i;

export const tar: Format = {
  name: 'tar',
  summary:
    'a .tar of class folders or WebDataset samples (.jpg with .cls or .json), or a folder of such shards',
  matches,
  open,
};

async function matches(root: string): Promise<boolean> {
  const info = await fs.stat(root).catch(() => undefined);
  if (info?.isFile()) return isTar(root) || COMPRESSED.test(root);
  if (!info?.isDirectory()) return false;
  const names = (await fs.readdir(root).catch(() => [])).filter((name) => !name.startsWith('.'));
  return names.length > 0 && names.every((name) => isTar(name) || COMPRESSED.test(name));
}

/** Keeps one file open per shard, until close(). */
async function open({ path: root, split }: OpenOptions): Promise<DatasetSource> {
  const shards = await shardsOf(root);
  const handles: fs.FileHandle[] = [];
  const close = async () => void (await Promise.all(handles.splice(0).map((handle) => handle.close())));
  try {
    const content = await indexShards(shards, handles);
    const { items, classes, problems } = listed(
      content,
      root,
      split,
      shards.length > 1 || shards[0].prefix !== '',
    );
    const read = (index: number) => readPlace(items[index].id, content.places.get(items[index].id) as Place);
    const files = filesOfArchives(shards.map(({ file }) => file));
    return {
      format: tar.name,
      classes,
      items,
      problems: [...content.problems, ...problems],
      read,
      files,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Shard {
  readonly file: string;
  /** Prefix of the ids of its entries: 'shard.tar/' in a folder of shards, '' for a single archive. */
  readonly prefix: string;
}

interface Place extends Extent {
  readonly handle: fs.FileHandle;
}

/** What all shards hold, by id. */
interface Content {
  places: Map<string, Place>;
  texts: Map<string, string>;
  problems: Problem[];
}

async function shardsOf(root: string): Promise<Shard[]> {
  const info = await fs.stat(root).catch((error: unknown) => {
    throw dataError(root, `cannot be opened: ${systemReason(error)}`, error);
  });
  const names = info.isDirectory() ? sortedByBytes(await fs.readdir(root)) : [root];
  const compressed = names.find((name) => COMPRESSED.test(name));
  if (compressed !== undefined) {
    throw dataError(
      info.isDirectory() ? path.join(root, compressed) : root,
      'is compressed: unpack it, or make a plain .tar: compressed archives cannot be read at random',
    );
  }
  if (!info.isDirectory()) return [{ file: root, prefix: '' }];
  const shards = names.filter((name) => isTar(name) && !name.startsWith('.'));
  if (shards.length === 0) throw dataError(root, 'holds no .tar files');
  return shards.map((name) => ({ file: path.join(root, name), prefix: `${name}/` }));
}

/**
 * Opens and scans the shards one after another. The open files are added to `handles`, also when a later shard
 * fails.
 */
async function indexShards(shards: readonly Shard[], handles: fs.FileHandle[]): Promise<Content> {
  const content: Content = { places: new Map(), texts: new Map(), problems: [] };
  for (const { file, prefix } of shards) {
    const { files, texts, problems } = await scanArchive(file, isLabelFile);
    const handle = await fs.open(file);
    handles.push(handle);
    for (const [name, { offset, size }] of files) content.places.set(prefix + name, { handle, offset, size });
    for (const [name, text] of texts) content.texts.set(prefix + name, text);
    for (const { file: name, reason } of problems) content.problems.push({ file: prefix + name, reason });
  }
  return content;
}

function listed(content: Content, root: string, split: string | undefined, inShards: boolean): Listing {
  const ids = [...content.places.keys()];
  const samples = listSamples(ids, content.texts, root);
  if (samples && split !== undefined) {
    throw dataError(root, `is a WebDataset and has no splits, so "${split}" cannot be picked: leave it out`);
  }
  const within = inShards ? (id: string) => id.slice(id.indexOf('/') + 1) : undefined;
  return samples ?? listImages(ids, { root, split, within });
}

async function readPlace(id: string, { handle, offset, size }: Place): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let done = 0; done < size; ) {
    const { bytesRead } = await handle
      .read(bytes, done, size - done, offset + done)
      .catch((error: unknown) => {
        throw fileError(id, `cannot be read from its archive: ${systemReason(error)}`, error);
      });
    if (bytesRead === 0)
      throw fileError(id, 'is no longer whole: its archive grew shorter after it was opened');
    done += bytesRead;
  }
  return bytes;
}

function isTar(name: string): boolean {
  return /\.tar$/i.test(name);
}
