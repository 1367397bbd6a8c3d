/** The masks of a folder's images: PNGs in a folder `masks` beside them, of the same names. */
import { isImage } from '../layout/names';
import type { Problem } from '../source';

const FOLDER = 'masks';

const withoutEnding = (id: string): string => id.replace(/\.[^./]+$/, '');

/**
 * An id below a folder `masks`: that folder, and the id, without ending, of the image that it would be the mask of.
 * `train/masks/cat/1.png` would be of `train/cat/1`.
 */
function maskOf(id: string): { folder: string; image: string } | undefined {
  const parts = id.split('/');
  const at = parts.lastIndexOf(FOLDER, parts.length - 2);
  if (at < 0) return undefined;
  return {
    folder: parts.slice(0, at + 1).join('/'),
    image: withoutEnding([...parts.slice(0, at), ...parts.slice(at + 1)].join('/')),
  };
}

export interface MaskFiles {
  /** The files that are not in a folder of masks. */
  files: string[];
  /** The mask of each image that has one, by the image's id without ending. Undefined where there is no folder of masks. */
  maskFor?: (id: string) => string | undefined;
  /** How many images have a mask. */
  known: number;
  problems: Problem[];
}

/**
 * Takes the masks out of the files of a data set. A folder `masks` has masks if at least one of its files has the name of an
 * image beside the folder; otherwise it is one like others, such as a class of that name.
 */
export function takeMasks(files: readonly string[]): MaskFiles {
  const placed = files.map((id) => ({ id, mask: maskOf(id) }));
  const images = new Set(
    placed.filter(({ id, mask }) => !mask && isImage(id)).map(({ id }) => withoutEnding(id)),
  );
  const folders = new Set(
    placed.flatMap(({ id, mask }) => (mask && isPng(id) && images.has(mask.image) ? [mask.folder] : [])),
  );
  if (folders.size === 0) return { files: [...files], known: 0, problems: [] };
  const masks = new Map<string, string>();
  const problems: Problem[] = [];
  const others: string[] = [];
  for (const { id, mask } of placed) {
    if (!mask || !folders.has(mask.folder)) others.push(id);
    else if (!isImage(id)) continue;
    else if (!isPng(id)) problems.push({ file: id, reason: 'is no mask that is read: masks are PNG' });
    else if (!images.has(mask.image)) problems.push({ file: id, reason: 'is the mask of no image' });
    else masks.set(mask.image, id);
  }
  return { files: others, maskFor: (id) => masks.get(withoutEnding(id)), known: masks.size, problems };
}

const isPng = (id: string): boolean => /\.png$/i.test(id);
