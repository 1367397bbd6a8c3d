import * as check from '../check';
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { FoundMasks, MaskInput, MixMethod } from './method';

/** The distances of all pairs are kept at once. */
const MOST_IMAGES = 8192;

/** Blurred, each of sum 1: of the images, or what was given. */
async function mapsOf({ images, maps: given, threads, signal }: MaskInput): Promise<Float32Array> {
  const { data, shape } = images;
  const [count, height, width, channels] = shape;
  const maps = new Float32Array(count * height * width);
  const batch = { data, count, height, width, channels };
  const call = { ...batch, threads, maps, ...(given && { given }) };
  const kept = given ? [data, given] : [data];
  await runNative((cancel) => addon().guidedMaps({ ...call, cancel }), kept, signal);
  return maps;
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
  reference:
    'Kang & Kim, GuidedMixup, AAAI 2023, with its spectral residual; with `saliency: gradient` its AP',
  hasSource: true,
  needsSaliency: false,
  takesGradient: true,
  drawFor: () => ({ kind: 'masked', drawsLambda: false, masks: guidedMasks }),
};
