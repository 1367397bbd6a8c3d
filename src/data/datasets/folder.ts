/**
 * A folder of image files: in class folders, with or without split folders above them, or flat. This file finds
 * the images; listing.ts has the rules for splits and classes.
 */
import { promises as fs } from 'node:fs';
import { dataError, fileError, systemReason } from '../fail';
import type { Problem, DatasetSource } from '../source';
import { countLeftOut } from '../layout/names';
import { filesOfItems } from '../stored-files';
import type { Format, Opening, OpenOptions } from './format';
import { readTexts } from './label-text';
import { isImage, type Listing, listImages } from './listing';
import { listingOptions } from './listing-options';
import { pathOfId, readFolder, realPath } from './paths';
import { listSamples } from './webdataset';

export const folder: Format = {
  name: 'folder',
  summary: 'image files in class folders, with or without train/val/test above them, or in one flat folder',
  matches: async (root) => (await fs.stat(root).catch(() => undefined))?.isDirectory() ?? false,
  open,
};

async function open(options: Opening): Promise<DatasetSource> {
  const { path: root } = options;
  const found = await walk(root);
  const listing =
    (await besideImages(root, found, options)) ?? listImages(found.files, await listingOptions(options));
  const { items } = listing;
  return {
    ...listing,
    format: folder.name,
    problems: [...found.problems, ...listing.problems],
    read: (index) => readImageFile(root, items[index].id),
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
  { split, classesFrom, classPattern, classList }: OpenOptions,
): Promise<Listing | undefined> {
  if ([split, classesFrom, classPattern, classList].some((option) => option !== undefined)) return undefined;
  const images = files.filter(isImage);
  const [only, ...more] = new Set(images.map(folderOf));
  if (only === undefined || more.length > 0) return undefined;
  const labels = files.filter((id) => folderOf(id) === only && /\.(cls|json)$/i.test(id));
  if (labels.length === 0) return undefined;
  const samples = listSamples(images, { texts: await readTexts(root, labels), root });
  const known = new Set([...labels, ...images]);
  return samples && { leftOut: countLeftOut(files.filter((id) => !known.has(id))), ...samples };
}

const folderOf = (id: string): string => id.slice(0, id.lastIndexOf('/') + 1);

export interface Found {
  /** All files; a hidden folder, which is not entered, as `.name/`. */
  files: string[];
  problems: Problem[];
}

/**
 * The names of all files below `root`, unordered. Links are followed. A folder that cannot be read becomes a
 * problem.
 */
export async function walk(root: string): Promise<Found> {
  const found: Found = { files: [], problems: [] };
  try {
    await enter(root, '', [await realPath(root)], found);
  } catch (error) {
    throw dataError(root, `cannot be opened as a folder of images: ${systemReason(error)}`, error);
  }
  return found;
}

/**
 * Reads one folder. `ancestors` are the real paths from the root down to it: a link to one of them would be a
 * loop.
 */
async function enter(
  root: string,
  within: string,
  ancestors: readonly string[],
  found: Found,
): Promise<void> {
  for (const entry of await readFolder(root, within)) {
    const id = within === '' ? entry.name : `${within}/${entry.name}`;
    if (entry.name.startsWith('.') || entry.name === '__MACOSX')
      found.files.push(entry.isDirectory() ? `${id}/` : id);
    // Everything with an image's extension is listed, also a folder or a broken link, so that the user is told
    // of it.
    else if (isImage(id)) found.files.push(id);
    else if (entry.isDirectory()) await enterSub(root, id, ancestors, found);
    else if (entry.isSymbolicLink()) await followLink(root, id, ancestors, found);
    else found.files.push(id);
  }
}

async function enterSub(root: string, id: string, ancestors: readonly string[], found: Found): Promise<void> {
  try {
    const real = await realPath(root, id);
    if (ancestors.includes(real)) {
      found.problems.push({
        file: id,
        reason: `is a link back to ${real}, a folder it lies in; not entered`,
      });
    } else await enter(root, id, [...ancestors, real], found);
  } catch (error) {
    found.problems.push({ file: id, reason: `cannot be entered: ${systemReason(error)}` });
  }
}

/**
 * Follows a link without an image's extension: it is read if it leads to a folder, and a problem if it leads
 * nowhere.
 */
async function followLink(
  root: string,
  id: string,
  ancestors: readonly string[],
  found: Found,
): Promise<void> {
  try {
    const target = await fs.stat(pathOfId(root, id));
    if (target.isDirectory()) await enterSub(root, id, ancestors, found);
    else found.files.push(id);
  } catch (error) {
    found.problems.push({ file: id, reason: `cannot be followed: ${systemReason(error)}` });
  }
}

/** The bytes of one file. Pipes and devices are refused first: reading a named pipe would wait for ever. */
export async function readImageFile(root: string, id: string): Promise<Uint8Array> {
  const file = pathOfId(root, id);
  const info = await fs.stat(file).catch((error: unknown) => {
    throw fileError(id, `cannot be read: ${systemReason(error)}`, error);
  });
  if (info.isDirectory()) throw fileError(id, 'is a directory, not an image');
  if (!info.isFile()) throw fileError(id, 'is not a plain file (a pipe, socket or device), so not an image');
  return fs.readFile(file).catch((error: unknown) => {
    throw fileError(id, `cannot be read: ${systemReason(error)}`, error);
  });
}
