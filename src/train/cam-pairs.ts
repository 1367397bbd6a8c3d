/** The mixed images that are shown: made by a mixer as in training, chosen so that there is something to see in each. */
import { invalid } from '../check';
import type { LoadedBatch } from '../data/load';
import { mixMethods, needsMaps, needsMasks, usesPartner } from '../mix/index';
import { createMixer, type Mixer, mixerFor } from '../mix/mixer';
import { type MixOptions, usesNormalisation } from '../mix/options';
import type { MixPlan } from '../mix/plan';
import type { ImageBatch, Signal } from '../types';
import { normalised } from './test-data';
import type { Trainer } from './trainer';

type Sample = MixPlan['samples'][number];

/** Loaded images with the model's number of each one's class. */
export interface Labelled {
  images: ImageBatch;
  ids: LoadedBatch['ids'];
  classes: Int32Array;
}

export interface MixedImages {
  images: ImageBatch;
  /** As the network takes them, float32 NCHW. */
  floats: Float32Array;
  samples: Sample[];
}

/** How images become what a network takes. */
export interface Normalisation {
  mean: readonly number[];
  std: readonly number[];
}

interface Mixing {
  options: MixOptions;
  seed: number;
  trainer: Trainer;
  normalisation: Normalisation;
  threads: number;
  signal?: Signal;
}

/** Images as a network takes them. */
export async function floatsOf(
  images: ImageBatch,
  { mean, std }: Normalisation,
  threads: number,
): Promise<Float32Array> {
  const labels = new Int32Array(images.shape[0]);
  const output = normalised(mean, std);
  const mixed = await createMixer({ method: 'none', classes: 1, threads }).mix(images, labels, { output });
  return mixed.images.data;
}

/** How often a batch is drawn, of which the draw with the most to see is taken. */
const DRAWS = 16;

/** The share of its pixels that a target keeps: an erased box leaves lambda at 1. */
export function keptShare({ kind, to, lambda }: Sample, [, height, width]: ImageBatch['shape']): number {
  if (kind !== 'erase' || !to) return lambda;
  return 1 - ((to.bottom - to.top) * (to.right - to.left)) / (height * width);
}

/** Whether there is something to see in a sample: of two classes, where it has two, and neither all of one nor of the other. */
function isClear(sample: Sample, { images, classes }: Labelled, hasSource: boolean): boolean {
  const { target, source, mixed } = sample;
  const kept = keptShare(sample, images.shape);
  return mixed && kept > 0.35 && kept < 0.85 && (!hasSource || classes[source] !== classes[target]);
}

/** What a mixer cannot do here is refused before anything is loaded. */
export function checkMixing(options: MixOptions, images: number): void {
  if (needsMasks(options))
    throw invalid('mixer.labelRule', '"area" or "saliency" (labels are not shown)', 'mask');
  if (usesPartner(options) && images < 2)
    throw invalid('images', `two images or more (${options.method} mixes pairs)`, images);
}

/** Maps of the images for a mixer that wants the network's own. */
async function mapsFor({ images, classes }: Labelled, { options, trainer, normalisation, threads }: Mixing) {
  if (!needsMaps(options)) return undefined;
  const count = trainer.model.classes;
  const labels = new Float32Array(classes.length * count);
  classes.forEach((one, i) => (labels[i * count + one] = 1));
  return trainer.saliency({ images: await floatsOf(images, normalisation, threads), labels });
}

type Address = { batch: number; maps?: Float32Array; signal?: Signal };

/** The draw, of several, with the most samples of two classes that both are to be seen, and those first. */
async function bestDraw(
  mixer: Mixer,
  labelled: Labelled,
  { maps, signal }: Omit<Address, 'batch'>,
  wanted: { count: number; hasSource: boolean },
): Promise<{ batch: number; shown: number[] }> {
  let best = { batch: 0, shown: [] as number[], clear: -1 };
  for (let batch = 0; batch < DRAWS && best.clear < wanted.count; batch++) {
    const { samples } = await mixer.plan(labelled.images, { batch, maps, signal });
    const rank = (i: number) => {
      if (isClear(samples[i], labelled, wanted.hasSource)) return 0;
      return samples[i].mixed ? 1 : 2;
    };
    const all = samples.map((_, i) => i).toSorted((a, b) => rank(a) - rank(b) || a - b);
    const shown = all.slice(0, wanted.count);
    const clear = shown.filter((i) => rank(i) === 0).length;
    if (clear > best.clear) best = { batch, shown, clear };
  }
  return best;
}

/** Mixes images as training does, and gives `count` of the results. */
export async function mixedImages(loaded: Labelled, count: number, mixing: Mixing): Promise<MixedImages> {
  const { options, seed, trainer, normalisation, threads, signal } = mixing;
  const { mean, std } = normalisation;
  const own = usesNormalisation(options) ? { mean, std } : {};
  const mixer = mixerFor({ ...options, ...own, seed, classes: trainer.model.classes, threads });
  const maps = await mapsFor(loaded, mixing);
  const wanted = { count, hasSource: mixMethods[options.method].hasSource };
  const { batch, shown } = await bestDraw(mixer, loaded, { maps, signal }, wanted);
  const at = { batch, maps, signal };
  const seen = await mixer.mix(loaded.images, loaded.classes, at);
  const given = await mixer.mix(loaded.images, loaded.classes, { ...at, output: normalised(mean, std) });
  const [, height, width, channels] = loaded.images.shape;
  const each = height * width * channels;
  const pick = <T extends Uint8Array | Float32Array>(from: T, into: T): T => {
    shown.forEach((i, row) => into.set(from.subarray(i * each, (i + 1) * each), row * each));
    return into;
  };
  return {
    images: {
      data: pick(seen.images.data, new Uint8Array(shown.length * each)),
      shape: [shown.length, height, width, channels],
    },
    floats: pick(given.images.data, new Float32Array(shown.length * each)),
    samples: shown.map((i) => seen.plan.samples[i]),
  };
}
