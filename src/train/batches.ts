/** The batches that a model is trained on: loaded, augmented, mixed, with smoothed labels. */
import type { Batch } from '../data/batches';
import type { Dataset } from '../data/dataset';
import type { FailedItem } from '../data/fill';
import { DeviceBatch } from '../device/batch';
import { drawColours } from '../mix/colours';
import { needsMaps, needsMasks } from '../mix/index';
import { INPUT_STAGE } from '../models/net';
import { type CallOptions, type Mixer, mixerFor } from '../mix/mixer';
import type { ImageBatch } from '../types';
import type { Images, TrainingBatch } from './batch';
import type { HiddenMix } from './hidden-mix';
import { drawStage, hiddenMixOf } from './manifold-mixup';
import { normalised } from './test-data';
import type { TrainSettings } from './train-settings';

export interface LearningBatch {
  /** NCHW, normalised; a device batch is the reader's to free. */
  images: Images;
  /** Soft labels, n × classes; with `hidden` those of the images as they are. */
  labels: Float32Array;
  /** How the images are mixed within the network, where they are. */
  hidden?: HiddenMix;
  /** The images as they are, where their loss counts too; to be freed like the others. */
  clean?: TrainingBatch<Images>;
  /** Number of the batch in its epoch, from 0. */
  batch: number;
  /** Files that could not be read. */
  bad: { file: string; reason: string }[];
}

export interface LearningBatchOptions {
  threads: number;
  /** The backend that mixes. */
  backend: string;
  /** The batches are brought to its memory as they are read, and stay there. */
  onDevice?: boolean;
  strict: boolean;
  signal?: AbortSignal;
  /** Where saliency is the gradient of the network: how much its loss depends on each pixel of a batch (`Trainer.saliency`). */
  saliencyOf?: (batch: TrainingBatch<Images>) => Promise<Float32Array>;
  /** Told of the files of batches in which none could be read. */
  onSkipped?: (bad: LearningBatch['bad']) => void;
}

const badOf = (holes: readonly FailedItem[]): LearningBatch['bad'] =>
  holes.map(({ id, error }) => ({ file: id, reason: error.message }));

/**
 * Label smoothing in place: y·(1 − share) + share/classes (Szegedy et al., Rethinking the Inception
 * architecture, CVPR 2016).
 */
export function smoothLabels(labels: Float32Array, share: number, classes: number): void {
  if (share === 0) return;
  for (let i = 0; i < labels.length; i++) labels[i] = labels[i] * (1 - share) + share / classes;
}

/** Mixes images where they are. */
async function mixWhere(
  mixer: Mixer,
  images: ImageBatch | DeviceBatch,
  labels: Batch['labels'],
  how: CallOptions<'float32', never> & { output: { dtype: 'float32' } },
): Promise<Pick<LearningBatch, 'images' | 'labels'>> {
  if (images instanceof DeviceBatch) {
    const mixed = await mixer.mix(images, labels, how);
    return { images: mixed.images, labels: mixed.labels };
  }
  const mixed = await mixer.mix(images, labels, how);
  return { images: mixed.images.data, labels: mixed.labels };
}

/** What is made of images; those that were brought to a backend are freed then, or where it fails. */
async function freeing<T>(images: ImageBatch | DeviceBatch, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } finally {
    if (images instanceof DeviceBatch) images.free();
  }
}

type Address = Required<Pick<CallOptions, 'epoch' | 'batch'>> &
  Pick<CallOptions, 'signal'> & { slots: NonNullable<CallOptions['slots']> };

/** A mixer that gives images as they are, in the form that a network takes. */
function converterFor(
  { mixer, classes }: Pick<TrainSettings, 'mixer' | 'classes'>,
  where: { threads?: number; backend: string },
): Mixer {
  return mixerFor({ ...mixer, method: 'none', labelRule: 'area', classes: classes.length, ...where });
}

/** How the colours of a batch's images are changed; undefined where they are not. */
export const coloursAt = (
  { jitter, lighting, seed }: Pick<TrainSettings, 'jitter' | 'lighting' | 'seed'>,
  { epoch, batch, slots }: Address,
) => drawColours({ jitter, lighting }, seed, { epoch, batch }, slots.of);

type Seen = Pick<LearningBatch, 'images' | 'labels'>;

/** Frees images on a device; a trainer that was given them keeps them until it has ended. */
function free({ images }: Seen): void {
  if (images instanceof DeviceBatch) images.free();
}

/** Maps of images as they are, before they are mixed; undefined where the mixer finds its own. */
export function mapsBy(
  saliencyOf: LearningBatchOptions['saliencyOf'],
  settings: Pick<TrainSettings, 'mixer' | 'mean' | 'std' | 'classes' | 'jitter' | 'lighting' | 'seed'>,
  where: { threads?: number; backend: string },
) {
  if (!saliencyOf || !needsMaps(settings.mixer)) return () => Promise.resolve(undefined);
  const converter = converterFor(settings, where);
  const output = normalised(settings.mean, settings.std);
  return async (images: ImageBatch | DeviceBatch, labels: Batch['labels'], at: Address) => {
    const colours = coloursAt(settings, at);
    const seen = await mixWhere(converter, images, labels, { ...at, colours, output });
    const maps = saliencyOf(seen);
    free(seen);
    return maps;
  };
}

type Loaded = Pick<Batch, 'labels' | 'masks'> & { images: ImageBatch | DeviceBatch };

/** Mixes batches as the settings say: their images, or where these are mixed within the network only draws how. */
export function batchMixer(
  settings: TrainSettings,
  where: { threads: number; backend: string },
  saliencyOf: LearningBatchOptions['saliencyOf'],
) {
  const { mixer: options, mean, std, classes, manifoldMixup, cleanWeight, seed } = settings;
  const mixer = mixerFor({ ...options, classes: classes.length, ...where });
  const mapsOf = mapsBy(saliencyOf, settings, where);
  const output = normalised(mean, std);
  const converter = converterFor(settings, where);
  const mixed = async ({ images, labels, masks }: Loaded, at: Address) => {
    const colours = coloursAt(settings, at);
    const stage = manifoldMixup ? drawStage(manifoldMixup, seed, at) : INPUT_STAGE;
    if (stage !== INPUT_STAGE) {
      const hidden = hiddenMixOf(await mixer.plan(images, at), stage);
      return { ...(await mixWhere(converter, images, labels, { ...at, colours, output })), hidden };
    }
    const maps = await mapsOf(images, labels, at);
    return mixWhere(mixer, images, labels, { ...at, masks, maps, colours, output });
  };
  return async (
    loaded: Loaded,
    at: Address,
  ): Promise<Pick<LearningBatch, 'images' | 'labels' | 'hidden' | 'clean'>> => {
    if (cleanWeight === undefined) return mixed(loaded, at);
    const { images, labels } = loaded;
    const colours = coloursAt(settings, at);
    const clean = await mixWhere(converter, images, labels, { ...at, colours, output });
    try {
      return { ...(await mixed(loaded, at)), clean };
    } catch (error) {
      free(clean);
      throw error;
    }
  };
}

/**
 * The batches of an epoch from number `from` on. They have the same bytes as if the epoch had been begun at 0.
 */
export async function* learningBatches(
  dataset: Dataset,
  settings: TrainSettings,
  { epoch, from }: { epoch: number; from: number },
  { threads, backend, onDevice, strict, signal, saliencyOf, onSkipped }: LearningBatchOptions,
): AsyncGenerator<LearningBatch, void, undefined> {
  const { size, batch, seed, augment, mixer: options, labelSmoothing } = settings;
  const mix = batchMixer(settings, { threads, backend }, saliencyOf);
  const onBad = strict ? 'throw' : 'skip';
  const loaded = dataset.batches({
    size,
    batch,
    seed,
    epoch,
    from,
    augment,
    masks: needsMasks(options),
    onBad,
    device: onDevice ? backend : undefined,
    signal,
    onSkipped: (holes) => onSkipped?.(badOf(holes)),
  });
  for await (const { images, labels, masks, slots, holes, batch: number } of loaded) {
    const at = { epoch, batch: number, slots, signal };
    const mixed = await freeing(images, () => mix({ images, labels, masks }, at));
    for (const { labels: soft } of mixed.clean ? [mixed, mixed.clean] : [mixed])
      smoothLabels(soft, labelSmoothing, settings.classes.length);
    yield { ...mixed, batch: number, bad: badOf(holes) };
  }
}
