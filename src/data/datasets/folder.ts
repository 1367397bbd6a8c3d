/**
 * A folder of image files: in class folders, with or without split folders above them, or flat. This file finds
 * the images; listing.ts has the rules for splits and classes.
 */
import { promises as fs } from 'node:fs';
import { fileError, systemReason } from '../fail';
import type { DatasetSource } from '../source';
import { countLeftOut } from '../layout/names';
import { type Limits, limitsOf, tooManyBytes } from '../limits';
import { filesOfItems } from '../stored-files';
import type { Format, Opening, OpenOptions } from './format';
import { readTexts } from './label-text';
import { isImage, type Listing, listImages } from './listing';
import { listingOptions } from './listing-options';
import { pathOfId } from './paths';
import { type Found, walk } from './walk';
import { labelIn, listSamples } from './webdataset';

export const folder: Format = {
  name: 'folder',
  summary: 'image files in class folders, with or without train/val/test above them, or in one flat folder',
  matches: async (root) => (await fs.stat(root).catch(() => undefined))?.isDirectory() ?? false,
  open,
};

async function open(options: Opening): Promise<DatasetSource> {
  const { path: root } = options;
  const limits = limitsOf(options);
  const found = await walk(root);
  const listing =
    (await besideImages(root, found, options)) ?? listImages(found.files, await listingOptions(options));
  const { items } = listing;
  return {
    ...listing,
    format: folder.name,
    problems: [...found.problems, ...listing.problems],
    limits,
    read: (index) => readImageFile(root, items[index].id, limits),
    files: filesOfItems(root, items, listing.classes),
    close: async () => {},
  };
}

/**
 * Images that are all in one folder, by the label files beside them, as in an unpacked WebDataset: better evidence than names of
 * files. Undefined where there are none. A `.txt` in a folder is mostly a caption, and is not asked.
 */
async function besideImages(
  root: string,
  { files }: Found,
  options: OpenOptions,
): Promise<Listing | undefined> {
  const { split, classesFrom, classPattern, classList } = options;
  if ([split, classesFrom, classPattern, classList].some((option) => option !== undefined)) return undefined;
  const images = files.filter(isImage);
  const [only, ...more] = new Set(images.map(folderOf));
  if (only === undefined || more.length > 0) return undefined;
  const labels = files.filter((id) => folderOf(id) === only && /\.(cls|json)$/i.test(id));
  if (labels.length === 0) return undefined;
  const read = await readTexts(root, labels, limitsOf(options), labelIn);
  const samples = listSamples(images, { labels: read, root });
  const known = new Set([...labels, ...images]);
  return samples && { leftOut: countLeftOut(files.filter((id) => !known.has(id))), ...samples };
}

const folderOf = (id: string): string => id.slice(0, id.lastIndexOf('/') + 1);

/** The bytes of one file. Pipes and devices are refused first: reading a named pipe would wait for ever. So is a file of too many bytes. */
export async function readImageFile(root: string, id: string, limits: Limits): Promise<Uint8Array> {
  const file = pathOfId(root, id);
  const info = await fs.stat(file).catch((error: unknown) => {
    throw fileError(id, `cannot be read: ${systemReason(error)}`, error);
  });
  if (info.isDirectory()) throw fileError(id, 'is a directory, not an image');
  if (!info.isFile()) throw fileError(id, 'is not a plain file (a pipe, socket or device), so not an image');
  if (info.size > limits.maxFileBytes) throw fileError(id, tooManyBytes(info.size, limits));
  return fs.readFile(file).catch((error: unknown) => {
    throw fileError(id, `cannot be read: ${systemReason(error)}`, error);
  });
}
