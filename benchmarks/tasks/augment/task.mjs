// The command line end to end: from starting `saliencymix augment` to its exit, on JPEG files.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { checkEqual } from '../../lib/compare.mjs';

export const title = 'Augment';
export const about =
  '`saliencymix augment` on a folder of JPEG files, --size 224, from its start to its exit: decoding, mixing, encoding, ' +
  'writing and keeping the journal, on all cores.';

const FORMATS = {
  folder: 'PNG files',
  webdataset: 'tar files of PNGs',
  npy: 'NumPy arrays',
};

export async function jobs({ root, folder, pictures, quick }) {
  const { openDataset } = createRequire(join(root, 'package.json'))('./dist/index.js');
  const { path } = await pictures.photos();
  const dataset = await openDataset(path);
  await dataset.close();
  return Object.entries(FORMATS)
    .filter((_, i) => !quick || i === 0)
    .map(([format, what]) => ({
      id: format,
      label: `${dataset.length} images to ${what}`,
      path,
      format,
      size: 224,
      seed: 1,
      images: dataset.length,
      out: join(folder, 'augmented'),
      rivals: ['saliencymix, method none'],
    }));
}

/** Every image has its line, and the lines name as many files as there are. */
export function check({ images }, { facts }) {
  checkEqual([facts.lines], [images], 'lines of labels.jsonl');
  checkEqual([facts.status], [0], 'exit status');
}
