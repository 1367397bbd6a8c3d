/** Writes report.html of a training run. */
import { basename, join } from 'node:path';
import { drawAugmentation } from '../data/augmentation';
import type { Dataset } from '../data/dataset';
import { loadBatch } from '../data/load';
import { cut, order } from '../data/order';
import { needsMasks } from '../mix/index';
import { coloursAt, type LearningBatchOptions, mapsBy } from './batches';
import { type CallOptions, type Mixer, mixerFor } from '../mix/mixer';
import { type Model, parameterCount } from '../models/model';
import { type Picture, pictureAt } from '../report/canvas';
import { imageGrid } from '../report/grid';
import { trainingReport } from '../report/training';
import type { TrainingRun } from '../report/training-run';
import type { Environment } from '../run/environment';
import { writeWhole } from '../run/files';
import type { ImageBatch, Labels } from '../types';
import type { Metrics } from './metrics';
import type { TrainSettings } from './train-settings';

export const REPORT = 'report.html';

const SHOWN = 32;

/** Mixed images with changed colours, as bytes: what leaves their range is clamped here, and only here. */
async function colouredPixels(
  mixer: Mixer,
  images: ImageBatch,
  labels: Labels,
  how: CallOptions<'float32', never>,
): Promise<Uint8Array> {
  const { images: mixed } = await mixer.mix(images, labels, { ...how, output: { dtype: 'float32' } });
  return new Uint8Array(Uint8ClampedArray.from(mixed.data, (value) => 255 * value).buffer);
}

/**
 * The first `most` images that the model is trained on: augmented and mixed, but not normalised; where the network itself says what is
 * salient, as it would mix them now. Undefined where none can be read.
 */
export async function samplePictures(
  dataset: Dataset,
  settings: TrainSettings,
  most: number,
  saliencyOf?: LearningBatchOptions['saliencyOf'],
): Promise<Picture[] | undefined> {
  const { size, batch, seed, augment, mixer: options, classes } = settings;
  const [positions] = cut(order(dataset.length, { shuffle: true, seed, epoch: 0 }), batch);
  const draws = drawAugmentation(augment, seed, { epoch: 0, batch: 0 }, positions.length, size);
  const loading = { draws, masks: needsMasks(options) };
  const { images, labels, masks, slots } = await loadBatch(dataset, positions, size, loading);
  if (!images) return undefined;
  const mixer = mixerFor({ ...options, classes: classes.length, backend: 'auto' });
  const at = { epoch: 0, batch: 0, slots };
  const maps = await mapsBy(saliencyOf, settings, { backend: 'auto' })(images, labels, at);
  const how = { ...at, masks, maps };
  const colours = coloursAt(settings, at);
  const pixels = colours
    ? await colouredPixels(mixer, images, labels, { ...how, colours })
    : (await mixer.mix(images, labels, how)).images.data;
  const mixed = { data: pixels, shape: images.shape };
  return Array.from({ length: Math.min(most, images.shape[0]) }, (_, i) => pictureAt(mixed, i));
}

/** A PNG of the first images that the model is trained on. */
export async function drawSamples(
  dataset: Dataset,
  settings: TrainSettings,
  saliencyOf?: LearningBatchOptions['saliencyOf'],
): Promise<Uint8Array | undefined> {
  const pictures = await samplePictures(dataset, settings, SHOWN, saliencyOf);
  return pictures && imageGrid(pictures);
}

export interface ReportParts {
  settings: TrainSettings;
  model: Model;
  metrics: Metrics;
  environment: Environment & { onnxruntime?: string };
  status: TrainingRun['status'];
  samples?: Uint8Array;
  confusion?: TrainingRun['confusion'];
}

export async function writeReport(out: string, parts: ReportParts): Promise<void> {
  const { settings, model, metrics, environment, status, samples, confusion } = parts;
  const { classes, ...shown } = settings;
  const html = trainingReport({
    title: `${model.name} on ${basename(settings.data.path)}, ${settings.mixer.method}`,
    status,
    settings: { ...shown },
    environment: { ...environment },
    classes,
    parameters: parameterCount(model),
    steps: metrics.steps,
    epochs: metrics.epochs,
    samples,
    confusion,
  });
  await writeWhole(join(out, REPORT), html);
}
