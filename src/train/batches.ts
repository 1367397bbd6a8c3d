/** The batches that a model is trained on: loaded, augmented, mixed, with smoothed labels. */
import type { Batch } from '../data/batches';
import type { Dataset } from '../data/dataset';
import type { FailedItem } from '../data/fill';
import { DeviceBatch } from '../device/batch';
import { needsMaps, needsMasks } from '../mix/index';
import { type CallOptions, type Mixer, mixerFor } from '../mix/mixer';
import type { ImageBatch } from '../types';
import type { Images, TrainingBatch } from './batch';
import { normalised } from './test-data';
import type { TrainSettings } from './train-settings';

export interface LearningBatch {
  /** NCHW, normalised; a device batch is the reader's to free. */
  images: Images;
  /** Soft labels, n × classes. */
  labels: Float32Array;
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
  if (images instanceof DeviceBatch) return mixer.mix(images, labels, how);
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

type Address = Pick<CallOptions, 'epoch' | 'batch' | 'slots' | 'signal'>;

/** Maps of images as they are, before they are mixed; undefined where the mixer finds its own. */
export function mapsBy(
  saliencyOf: LearningBatchOptions['saliencyOf'],
  { mixer: options, mean, std, classes }: Pick<TrainSettings, 'mixer' | 'mean' | 'std' | 'classes'>,
  where: { threads?: number; backend: string },
) {
  if (!saliencyOf || !needsMaps(options)) return () => Promise.resolve(undefined);
  const plain = { ...options, method: 'none', labelRule: 'area', classes: classes.length, ...where } as const;
  const converter = mixerFor(plain);
  const output = normalised(mean, std);
  return async (images: ImageBatch | DeviceBatch, labels: Batch['labels'], at: Address) => {
    const seen = await mixWhere(converter, images, labels, { ...at, output });
    const maps = saliencyOf(seen);
    if (seen.images instanceof DeviceBatch) seen.images.free(); // the trainer keeps them until it has ended
    return maps;
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
  const { size, batch, seed, augment, mixer: options, mean, std, labelSmoothing } = settings;
  const classes = settings.classes.length;
  const mixer = mixerFor({ ...options, classes, threads, backend });
  const mapsOf = mapsBy(saliencyOf, settings, { threads, backend });
  const output = normalised(mean, std);
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
    const mixed = await freeing(images, async () => {
      const maps = await mapsOf(images, labels, at);
      return mixWhere(mixer, images, labels, { ...at, masks, maps, output });
    });
    smoothLabels(mixed.labels, labelSmoothing, classes);
    yield {
      images: mixed.images,
      labels: mixed.labels,
      batch: number,
      bad: badOf(holes),
    };
  }
}
