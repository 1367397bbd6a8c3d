// From image files to mixed float32 batches: what a training loop waits for. One run is one epoch.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readArray } from '../../lib/batches.mjs';
import { checkClose, checkEqual } from '../../lib/compare.mjs';
import { MEAN, STD } from '../mix/task.mjs';

export const title = 'Pipeline';
export const about =
  'Files to batches of mixed, normalised float32 NCHW, an epoch at a time, shuffled, on all cores. Ours with method none ' +
  'is the loader alone; the difference to saliencymix is what saliency and mixing cost; every batch goes to the same ' +
  'memory. torchvision is its DataLoader with two persistent workers and the same sizes, new memory for every batch, and ' +
  'mixes nothing. Peak MB is of the whole process, Node included, over all ' +
  'jobs up to this one. Unless --images gave files, the JPEG files are drawn pictures of 500 × 375, ' +
  "with a grain that makes them as large as ImageNet's.";

const KINDS = {
  photos: { name: 'JPEG files', what: 'JPEG files', size: 224, batch: 64 },
  small: { name: 'tar of JPEGs', what: 'a tar of JPEGs', size: 32, batch: 256 },
  cifar: { name: 'CIFAR files', what: 'CIFAR binary files', size: 32, batch: 256 },
};

/** Writes down which images the data set has, so that all take the same ones: formats have splits, and skip files. */
async function listImages({ openDataset }, path, listed) {
  const dataset = await openDataset(path);
  await dataset.close();
  writeFileSync(listed, JSON.stringify(dataset.items));
  return { listed, images: dataset.length, inShards: dataset.items[0].id.includes('.tar/') };
}

export async function jobs({ root, folder, pictures }) {
  const library = createRequire(join(root, 'package.json'))('./dist/index.js');
  const all = [];
  for (const [kind, { name, what, size, batch }] of Object.entries(KINDS)) {
    const { path, given } = await pictures[kind]();
    const list = await listImages(library, path, join(folder, `${kind}.json`));
    all.push({
      id: `${name} ${size}`,
      label: `${list.images} images from ${what}${given ? ' (--images)' : ''} to ${size}², batches of ${batch}`,
      kind,
      path,
      size,
      ...list,
      seed: 1,
      normalise: { mean: MEAN, std: STD },
      batch: Math.min(batch, list.images),
      memory: true,
      rivals: ['torchvision', 'saliencymix, method none'],
    });
  }
  return all;
}

/** Mean difference of pixels that were resized by two libraries, in units of the standard deviation. */
const RESIZED = 0.15;

/** The first batch, in the order of the files: the two loaders must hand over the same images. */
export function check(job, result, reference) {
  if (result === reference) return undefined;
  checkEqual([result.facts.count], [reference.facts.count], 'images of an epoch');
  const [images, wanted] = [result, reference].map(({ arrays }) => readArray(arrays.images));
  checkEqual(images.shape, wanted.shape, 'shape of a batch');
  if (result.contender.own) return undefined; // mixed: what mixing gives is compared in the task mix
  const difference =
    images.data.reduce((sum, value, i) => sum + Math.abs(value - wanted.data[i]), 0) / images.data.length;
  checkClose(
    [difference],
    [0],
    { tolerance: job.kind === 'photos' ? RESIZED : 0.05 },
    'mean difference of pixels',
  );
  return `pixels of the first batch differ by ${difference.toPrecision(2)} standard deviations on average`;
}
