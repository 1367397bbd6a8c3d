// Mixing of a batch of uint8 images with their labels, saliency included where the method needs it.
import { readArray, readBatches } from '../../lib/batches.mjs';
import { checkClose, checkEqual } from '../../lib/compare.mjs';
import { checkTorchMix } from '../../lib/torch-check.mjs';
import { sizesOf } from '../../lib/sizes.mjs';

export const title = 'Mix';
export const about =
  'A batch of images mixed, with its soft labels: uint8 in, uint8 out. OpenCV stands for what a Python program does that ' +
  'takes the paper at its word: saliency of every source, then NumPy pastes. timm and torchvision are their CutMix and ' +
  'Mixup, written out in the same PyTorch operations; they and the released SaliencyMix step work on float32 tensors that ' +
  'are normalised already, with one lambda and one box for the whole batch, and the released step finds the saliency of one ' +
  'image in a batch. GB/s count the batch read once and the result written once, as uint8.';

export const CLASSES = 10;
export const MEAN = [0.485, 0.456, 0.406];
export const STD = [0.229, 0.224, 0.225];

const METHODS = ['saliencymix', 'cutmix', 'mixup', 'puzzlemix', 'guidedmixup'];
const RIVALS = {
  saliencymix: ['OpenCV', 'scalar reference'],
  cutmix: ['torchvision', 'timm', 'scalar reference'],
  mixup: ['torchvision', 'timm', 'scalar reference'],
  // Their computation is the same at each level, but for the saliency of puzzlemix (fine-grained) and the output.
  puzzlemix: ['scalar reference'],
  guidedmixup: ['scalar reference'],
};

/** The jobs of mix, and with another output those of convert. `bytesOut`: of one written value. */
export function mixJobs({ quick, inputs }, output, bytesOut) {
  return METHODS.flatMap((method) =>
    sizesOf(quick).map((size) => ({
      id: `${method} ${size.side}`,
      label: `${method}, batches of ${size.count} × ${size.side}²`,
      method,
      output,
      normalise: { mean: MEAN, std: STD },
      classes: CLASSES,
      input: inputs(size),
      batch: size,
      images: size.count,
      bytes: size.count * size.side ** 2 * 3 * (1 + bytesOut),
      rivals: RIVALS[method],
    })),
  );
}

export function jobs(given) {
  return mixJobs(given, { layout: 'NHWC', dtype: 'uint8' }, 1);
}

/** Images that OpenCV pastes elsewhere: where its map is one grey level off, its peak may be another. */
const OTHER_IMAGES = 0.01;

/** Given the draws of the reference, OpenCV must come to the same boxes and so to the same pixels. */
function checkSameDraws(job, images, wanted) {
  const length = images.data.length / job.images;
  let other = 0;
  for (let i = 0; i < job.images; i++) {
    const [a, b] = [images, wanted].map(({ data }) => data.subarray(i * length, (i + 1) * length));
    try {
      checkClose(a, b, { tolerance: job.output.dtype === 'uint8' ? 0 : 1e-5 }, 'pixels');
    } catch {
      other++;
    }
  }
  if (other > OTHER_IMAGES * job.images) throw new Error(`${other} of ${job.images} images differ`);
  return other > 0 ? `${other} of ${job.images} images differ` : undefined;
}

export function check(job, result, reference) {
  if (result === reference) return undefined;
  const images = readArray(result.arrays.images);
  if (result.facts.pairs) {
    const [batch] = readBatches(job.input);
    return checkTorchMix(job, { ...result.facts, images, labels: readArray(result.arrays.labels) }, batch);
  }
  const wanted = readArray(reference.arrays.images);
  checkEqual(images.shape, wanted.shape, 'shape');
  if (!result.contender.own) return checkSameDraws(job, images, wanted);
  checkEqual(images.data, wanted.data, 'pixels');
  checkEqual(readArray(result.arrays.labels).data, readArray(reference.arrays.labels).data, 'labels');
  return undefined;
}
