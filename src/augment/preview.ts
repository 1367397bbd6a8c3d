/**
 * preview.png: a few samples of a run's first batch, as a contact sheet. The batch is loaded and mixed again
 * for it, so that a resumed run, which may not have mixed it, has a preview too.
 */
import { join } from 'node:path';
import type { Dataset } from '../data/dataset';
import { classNumbersOf, type LoadedBatch, loadBatch } from '../data/load';
import type { Size } from '../data/codec';
import { needsMasks } from '../mix/index';
import type { MixSample } from '../mix/kinds';
import type { MixedBatch } from '../mix/mixed';
import type { Mixer } from '../mix/mixer';
import { pictureAt } from '../report/canvas';
import { contactSheet, type SheetRow } from '../report/sheet';
import { saliency } from '../saliency/index';
import type { SaliencyMethod } from '../saliency/methods';
import type { ImageBatch } from '../types';
import { writeWhole } from '../run/files';
import { PREVIEW } from './folder-use';
import type { Settings } from './settings';
import { drawsOf, type Task } from './tasks';

const ROWS = 6;

export interface PreviewRun {
  dataset: Dataset;
  settings: Settings;
  size: { size: Size };
  mixer: Mixer;
  out: string;
}

/**
 * Samples to show. Preferred are mixed ones of two classes whose patch is neither tiny nor nearly all of the
 * image.
 */
function mostInformative(mixed: MixedBatch, labels: Int32Array): number[] {
  const rank = (i: number) => {
    const { lambda, source, target, mixed: isMixed } = mixed.plan.samples[i];
    return isMixed && labels[source] !== labels[target] && lambda > 0.35 && lambda < 0.85 ? 0 : 1;
  };
  const all = mixed.plan.samples.map((_, i) => i);
  return all.toSorted((a, b) => rank(a) - rank(b) || a - b).slice(0, ROWS);
}

/** Saliency maps of the images at `positions`, by the run's method; a learned model runs again. */
async function mapsOf(
  batch: ImageBatch,
  positions: readonly number[],
  settings: Settings,
): Promise<Float32Array[]> {
  const [, height, width, channels] = batch.shape;
  const data = new Uint8Array(positions.length * height * width * channels);
  positions.forEach((at, i) => data.set(pictureAt(batch, at).pixels, i * height * width * channels));
  const { saliencyModel, mean, std } = settings.mixer;
  const method = settings.mixer.saliency as SaliencyMethod; // a job takes no network's gradient
  const chosen: ImageBatch = { data, shape: [positions.length, height, width, channels] };
  const { maps } = await saliency(chosen, {
    method,
    ...(method === 'learned' ? { saliencyModel } : undefined),
    ...(method === 'float-bytes' ? { mean, std } : undefined),
  });
  return positions.map((_, i) => maps.subarray(i * height * width, (i + 1) * height * width));
}

/** How much of the source each pixel of a mixed image shows, by its mask, whose cells may be larger; nothing where it is not mixed. */
function sourceShare(sample: MixSample, [, height, width]: ImageBatch['shape']): Float32Array {
  const share = new Float32Array(height * width);
  if (sample.kind !== 'masked') return share;
  const { rows, cols, weights } = sample.mask;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      share[y * width + x] =
        1 - weights[Math.floor((y * rows) / height) * cols + Math.floor((x * cols) / width)];
  return share;
}

async function rowsOf(
  run: PreviewRun,
  loaded: LoadedBatch,
  images: ImageBatch,
  mixed: MixedBatch,
): Promise<SheetRow[]> {
  const { dataset, settings } = run;
  const labels = classNumbersOf(loaded.labels, dataset.classes.length);
  const shown = mostInformative(mixed, labels);
  const samples = shown.map((i) => mixed.plan.samples[i]);
  const maps = isByMasks(mixed)
    ? samples.map((sample) => sourceShare(sample, images.shape))
    : await mapsOf(
        images,
        samples.map(({ source }) => source),
        settings,
      );
  const className = (at: number) => dataset.classes[labels[at]];
  const result: ImageBatch = { data: mixed.images.data as Uint8Array, shape: images.shape };
  return samples.map((sample, i) => ({
    target: pictureAt(images, sample.target),
    source: pictureAt(images, sample.source),
    map: maps[i],
    peak: sample.anchor,
    from: sample.from,
    to: sample.to,
    mixed: pictureAt(result, shown[i]),
    lambda: sample.labelLambda ?? sample.lambda,
    targetClass: className(sample.target),
    sourceClass: className(sample.source),
    kept: !sample.mixed,
  }));
}

/** Whether the samples are mixed by masks, and have no boxes. */
const isByMasks = ({ plan }: MixedBatch) => plan.samples.some(({ kind }) => kind === 'masked');

export async function writePreview(run: PreviewRun, task: Task): Promise<void> {
  const loading = { draws: drawsOf(run, task), masks: needsMasks(run.settings.mixer) };
  const loaded = await loadBatch(run.dataset, task.positions, run.size.size, loading);
  if (!loaded.images) return;
  const { slots } = loaded;
  const mixed = await run.mixer.mix(loaded.images, loaded.labels, {
    epoch: task.copy,
    batch: task.batch,
    slots,
    masks: loaded.masks,
  });
  const rows = await rowsOf(run, loaded, loaded.images, mixed);
  const { method, saliency: how, scheme, seed } = run.settings.mixer;
  const mixing = method === 'saliencymix' ? `saliencymix · ${how} · ${scheme}` : method;
  const title = [...Object.keys(run.settings.augment ?? {}), mixing].join(' · ');
  const of = `${rows.length} of ${run.settings.data.images} images of ${run.dataset.path}, seed ${seed}`;
  const heading = isByMasks(mixed)
    ? ({ title, subtitle: of, maps: 'share of source' } as const)
    : { title, subtitle: `${of} · yellow: the patch · green cross: the peak` };
  await writeWhole(join(run.out, PREVIEW), await contactSheet(rows, heading));
}
