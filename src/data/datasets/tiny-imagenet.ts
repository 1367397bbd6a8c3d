/**
 * Tiny-ImageNet as Stanford's cs231n publishes it: train/ has a folder for each class, the classes of val/images/ are in a list, and the
 * images of test/ have none.
 */
import { promises as fs } from 'node:fs';
import path from 'node:path';
import { limitsOf } from '../limits';
import type { DatasetSource } from '../source';
import { readClassList } from './class-list';
import { folder, openListed } from './folder';
import type { Format, Opening } from './format';
import { isImage, type Listing, listImages } from './listing';
import { listingOptions } from './listing-options';

/** Lines of a file's name, its class, and a box, between tabs. */
const LIST = 'val/val_annotations.txt';
const VAL = 'val/images/';
const TEST = 'test/images/';

export const tinyImagenet: Format = {
  name: 'tiny-imagenet',
  summary: 'Tiny-ImageNet as it is published, with the classes of its validation images in a list',
  async matches(root) {
    const list = await fs.stat(path.join(root, LIST)).catch(() => undefined);
    return list?.isFile() ?? false;
  },
  open,
};

async function open(options: Opening): Promise<DatasetSource> {
  const { path: root, classesFrom, classPattern, classList } = options;
  // Who says where classes are knows better than the list.
  if ([classesFrom, classPattern, classList].some((option) => option !== undefined))
    return folder.open(options);
  const classes = await readClassList(path.join(root, LIST), limitsOf(options));
  const others = await listingOptions(options);
  return openListed(tinyImagenet.name, options, (files): Listing => {
    const isClassed = (id: string) => !(isImage(id) && id.startsWith(TEST));
    const listing = listImages(files.filter(isClassed), { ...others, within: (id) => placeOf(id, classes) });
    const unclassed = files.filter((id) => !isClassed(id)).length;
    if (unclassed === 0) return listing;
    const images = unclassed === 1 ? 'its image is' : `its ${unclassed} images are`;
    const notice = `${TEST} has no classes: ${images} left out`;
    return { ...listing, notices: [...(listing.notices ?? []), notice] };
  });
}

/** Where an image of val/ would lie if it were in a folder of its class; one that the list lacks has none. */
function placeOf(id: string, classes: ReadonlyMap<string, string>): string {
  if (!id.startsWith(VAL)) return id;
  const name = id.slice(VAL.length);
  const label = classes.get(name);
  return label === undefined ? `val/${name}` : `val/${label}/${name}`;
}
