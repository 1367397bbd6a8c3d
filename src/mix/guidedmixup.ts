import * as check from '../check';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { FoundMasks, MaskInput, MixMethod } from './method';

/** The distances of all pairs are kept at once. */
const MOST_IMAGES = 8192;

/** Maps that were given: what is negative counts as 0, and each sums to 1. */
function normalised(maps: Float32Array, pixels: number): Float32Array {
  const result = new Float32Array(maps.length);
  for (let start = 0; start < maps.length; start += pixels) {
    let sum = 0;
    for (let i = start; i < start + pixels; i++) sum += Math.max(0, maps[i]);
    for (let i = start; i < start + pixels; i++)
      result[i] = sum > 0 ? Math.max(0, maps[i]) / sum : 1 / pixels;
  }
  return result;
}

async function mapsOf({ images, maps, threads, signal }: MaskInput): Promise<Float32Array> {
  const { data, shape } = images;
  const [count, height, width, channels] = shape;
  if (maps) return normalised(maps, height * width);
  const made = new Float32Array(count * height * width);
  const batch = { data, count, height, width, channels };
  await runNative((cancel) => addon().guidedMaps({ ...batch, threads, cancel, maps: made }), [data], signal);
  return made;
}

/** Every pixel is shared by its saliency in both images; pairs are images whose maps are far apart. */
async function guidedMasks(input: MaskInput): Promise<FoundMasks> {
  const { images, targets, threads, signal } = input;
  const [count, rows, cols] = images.shape;
  if (count > MOST_IMAGES)
    throw check.invalid(
      'batch.shape',
      `at most ${MOST_IMAGES} images in a batch of "guidedmixup"`,
      images.shape,
    );
  const pixels = rows * cols;
  const maps = await mapsOf(input);
  const partners = new Int32Array(count);
  await runNative(() => addon().guidedPairs({ threads, count, pixels, maps, partners }), [], signal);
  const sources = targets.map((target) => partners[target]);
  const samples = targets.length;
  const weights = new Float32Array(samples * pixels);
  const shares = new Float64Array(samples);
  const pairs = { targets, sources, weights, shares };
  await runNative(() => addon().guidedMasks({ threads, count, pixels, samples, maps, ...pairs }), [], signal);
  return { rows, cols, weights, partners, shares };
}

export const guidedmixup: MixMethod = {
  name: 'guidedmixup',
  summary: 'each pixel is shared by its saliency in both images, whose maps are far apart',
  reference: 'Kang & Kim, GuidedMixup, AAAI 2023, with spectral residual',
  hasSource: true,
  needsSaliency: false,
  drawFor: () => ({ kind: 'masked', drawsLambda: false, masks: guidedMasks }),
};
