/**
 * A folder of image files: in class folders, with or without split folders above them, or flat. This file finds
 * the images; listing.ts has the rules for splits and classes.
 */
import callbacks, { promises as fs } from 'node:fs';
import { promisify } from 'node:util';
import { systemCode } from '../../errors';
import { fileError, systemReason } from '../fail';
import { decodeMask, probeSize } from '../codec';
import type { DatasetSource, Mask } from '../source';
import { countLeftOut } from '../layout/names';
import { type Limits, limitsOf, tooManyBytes } from '../limits';
import { filesOfItems } from '../stored-files';
import type { Format, Opening, OpenOptions } from './format';
import { readTexts } from './label-text';
import { isImage, type Listing, listImages } from './listing';
import { listingOptions } from './listing-options';
import { pathOfId } from './paths';
import { takeMasks } from './mask-files';
import { walk } from './walk';
import { labelIn, listSamples } from './webdataset';

export const folder: Format = {
  name: 'folder',
  summary: 'image files in class folders, with or without train/val/test above them, or in one flat folder',
  matches: async (root) => (await fs.stat(root).catch(() => undefined))?.isDirectory() ?? false,
  open,
};

function open(options: Opening): Promise<DatasetSource> {
  return openListed(
    folder.name,
    options,
    async (files) =>
      (await besideImages(options.path, files, options)) ?? listImages(files, await listingOptions(options)),
  );
}

/**
 * Opens a folder whose images, splits and classes are found by `list` in the ids of its files, those of masks taken out.
 * @param format name of the format
 */
export async function openListed(
  format: string,
  options: Opening,
  list: (files: readonly string[]) => Listing | Promise<Listing>,
): Promise<DatasetSource> {
  const { path: root } = options;
  const limits = limitsOf(options);
  const found = await walk(root);
  const { files, maskFor, known, problems } = takeMasks(found.files);
  const listing = await list(files);
  const { items, notices = [] } = listing;
  const masks = items.map(({ id }) => maskFor?.(id)).filter((id) => id !== undefined);
  const read = async (index: number) => readImageFile(root, items[index].id, limits);
  return {
    ...listing,
    format,
    problems: [...found.problems, ...problems, ...listing.problems],
    notices: maskFor ? [...notices, `masks/ says where the objects of ${known} images are`] : notices,
    limits,
    mask:
      maskFor && ((index) => readMask(maskFor(items[index].id), { root, limits, image: () => read(index) })),
    read,
    files: filesOfItems(root, items, listing.classes, masks),
    close: async () => {},
  };
}

/**
 * Images that are all in one folder, by the label files beside them, as in an unpacked WebDataset: better evidence than names of
 * files. Undefined where there are none. A `.txt` in a folder is mostly a caption, and is not asked.
 */
async function besideImages(
  root: string,
  files: readonly string[],
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

/** The mask in a file of a data set, which must have the size of its image. */
async function readMask(
  id: string | undefined,
  { root, limits, image }: { root: string; limits: Limits; image: () => Promise<Uint8Array> },
): Promise<Mask | undefined> {
  if (id === undefined) return undefined;
  const mask = await decodeMask(await readImageFile(root, id, limits), id, limits);
  const [height, width] = await probeSize(await image(), id, limits);
  if (mask.height === height && mask.width === width) return mask;
  const sizes = `${mask.height} × ${mask.width} pixels (height × width), its image ${height} × ${width}`;
  throw fileError(id, `is a mask of another size: ${sizes}`);
}

const folderOf = (id: string): string => id.slice(0, id.lastIndexOf('/') + 1);

/** Files are read as they are: no calls of FileHandle's, which has objects and events of its own for each. */
const system = {
  open: promisify(callbacks.open),
  stat: promisify(callbacks.fstat),
  read: promisify(callbacks.read),
  close: promisify(callbacks.close),
};

/** Opening a named pipe then does not wait for one that writes. Windows has neither. */
const AT_ONCE = callbacks.constants.O_RDONLY | (callbacks.constants.O_NONBLOCK ?? 0);

const notPlain = (id: string, cause?: unknown) =>
  fileError(id, 'is not a plain file (a pipe, socket or device), so not an image', cause);

/** The bytes of an open file, up to where it ended when it was opened, or ends now. */
async function readWhole(file: number, bytes: number): Promise<Uint8Array> {
  const memory = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  while (at < bytes) {
    const { bytesRead } = await system.read(file, memory, at, bytes - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return memory.subarray(0, at);
}

/**
 * The bytes of one file. Pipes and devices are refused: reading a named pipe would wait for ever. So is a file of too many
 * bytes. What is looked at is the file that was opened, whatever takes its place meanwhile.
 */
export async function readImageFile(root: string, id: string, limits: Limits): Promise<Uint8Array> {
  const cannot = (error: unknown) => {
    if (systemCode(error) === 'ENXIO') throw notPlain(id, error); // a socket
    throw fileError(id, `cannot be read: ${systemReason(error)}`, error);
  };
  const file = await system.open(pathOfId(root, id), AT_ONCE).catch(cannot);
  try {
    const info = await system.stat(file).catch(cannot);
    if (info.isDirectory()) throw fileError(id, 'is a directory, not an image');
    if (!info.isFile()) throw notPlain(id);
    if (info.size > limits.maxFileBytes) throw fileError(id, tooManyBytes(info.size, limits));
    return await readWhole(file, info.size).catch(cannot);
  } finally {
    await system.close(file);
  }
}
