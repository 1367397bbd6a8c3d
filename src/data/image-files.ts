/** Image files that were named one by one, as a data set. */
import { basename } from 'node:path';
import * as check from '../check';
import { custom } from '../option';
import { type Dataset, datasetOf, openData } from './dataset';
import { dataOption } from './datasets';
import { readImageFile } from './datasets/folder';
import type { Opening, OpenOptions } from './datasets/format';
import { isImage } from './datasets/listing';
import { idOfText } from './datasets/names';
import { DEFAULT_LIMITS } from './limits';

/** A data set, or the paths of image files. */
export type ImagesOption = string | readonly string[] | OpenOptions;
export type GivenImages = { files: readonly string[] } | OpenOptions;

const isImageFile = (path: string): boolean => isImage(basename(path));

/** The option for images: image files, or data. */
export const imagesOption = custom<GivenImages, ImagesOption>((value, argument) => {
  const given: unknown[] = Array.isArray(value) ? value : [value];
  if (given.length === 0) throw check.invalid(argument, 'a path or more', value);
  const isData = given.length === 1 && !(typeof given[0] === 'string' && isImageFile(given[0]));
  return isData
    ? dataOption.check(given[0], argument)
    : { files: given.map((one) => check.text(one, argument)) };
});

/** The files in the order given. They have no class. */
function ofFiles(paths: readonly string[]): Dataset {
  const items = paths.map((path) => ({ id: idOfText(path), label: 0 }));
  return datasetOf(paths[0], {
    format: 'files',
    classes: [],
    items,
    problems: [],
    read: (index) => readImageFile('', items[index].id, DEFAULT_LIMITS),
    close: async () => undefined,
  });
}

/** @throws (rejects) SaliencyMixError DATA */
export const openImages = async (given: GivenImages, prefer: Opening['prefer']): Promise<Dataset> =>
  'files' in given ? ofFiles(given.files) : openData({ ...given, allowEmptyClasses: true, prefer });
