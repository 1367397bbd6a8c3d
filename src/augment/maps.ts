/** The second job: reads a data set and writes the saliency map, an overlay and the peak of each image. */
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decode, encode, type Size } from '../data/codec';
import { createGate } from '../data/concurrency';
import { type Dataset, openData } from '../data/dataset';
import { dataOption } from '../data/datasets';
import { checkSize, type SizeOption } from '../data/size';
import { SaliencyMixError } from '../errors';
import { drawCross, mapToGray, overlay } from '../report/overlay';
import { chooseBackend, runOptions } from '../native/backends';
import { callback, custom, flag, type OptionsOf, type Parsed, parse, required, text } from '../option';
import { type SaliencyOptions, saliency, searchOptions, saliencyWork } from '../saliency/index';
import type { ImageBatch } from '../types';
import { PARTIAL, writeError, writeWhole } from '../run/files';
import { checkApart } from '../run/out-folder';
import type { Progress } from './options';

function ownOrSides(value: unknown): Size | undefined {
  const size = checkSize(value);
  if (typeof size === 'number') return [size, size];
  return typeof size === 'string' ? undefined : size;
}

export const mapsOptions = {
  method: searchOptions.method,
  saliencyModel: searchOptions.saliencyModel,
  mean: searchOptions.mean,
  std: searchOptions.std,
  ...runOptions,
  data: required(dataOption),
  out: required(text('path')),
  /** The size that images are resized to; each image's own unless given, and with 'keep' or 'auto'. */
  size: custom<Size | undefined, SizeOption>(ownOrSides, {
    kind: 'size',
    about: 'pixels of a side, or HEIGHTxWIDTH; each image’s own unless given',
  }),
  /** Write into a folder that is not empty, over files of the same names. */
  force: flag({ default: false, about: 'write into a folder that is not empty' }),
  /** Stop at the first bad file. */
  strict: flag({ default: false, about: 'stop at the first bad file, with exit code 1' }),
  onProgress: callback<(progress: Progress) => void>(),
};

export type MapsOptions = OptionsOf<typeof mapsOptions>;

/** One entry of peaks.json. */
export interface ImagePeaks {
  id: string;
  /** Gray map (brightest = most salient) and overlay, relative to the output folder. */
  map: string;
  overlay: string;
  height: number;
  width: number;
  peak: [row: number, col: number];
  low: [row: number, col: number];
  /** Largest and smallest value of the map, in the method's units. */
  most: number;
  least: number;
}

export interface MapsSummary {
  out: string;
  images: number;
  bad: { file: string; reason: string }[];
  /** What else the user should know about how the data was read, one line each. */
  notices: readonly string[];
  seconds: number;
  backend: string;
}

const PEAKS = 'peaks.json';
const PEAK_COLOUR: [number, number, number] = [0, 255, 128];

async function checkOut(out: string, force: boolean): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    const names = (await readdir(out)).filter((name) => !name.endsWith(PARTIAL));
    if (names.length === 0 || force) return;
  } catch (error) {
    throw writeError(out, error);
  }
  throw new SaliencyMixError(
    'OUTPUT',
    `${out} is not empty; choose another folder, or write over it with --force`,
    {
      argument: 'out',
      file: out,
    },
  );
}

/**
 * Path of a result for an id. Parts such as '..' are left out, so that nothing is written outside the folder.
 */
function nameFor(id: string, kind: string): string {
  const safe = id.split(/[\\/]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  return `${safe.join('/')}.${kind}.png`;
}

async function writeImage(path: string, pixels: Uint8Array, height: number, width: number, channels: 1 | 3) {
  await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
    throw writeError(path, error);
  });
  await writeWhole(path, await encode(pixels, height, width, channels, 'png'));
}

function extremes(map: Float32Array): { most: number; least: number } {
  let [max, min] = [-Infinity, Infinity];
  for (const value of map) {
    max = Math.max(max, value);
    min = Math.min(min, value);
  }
  return { most: max, least: min };
}

/** Writes map and overlay of one image; gives its entry of peaks.json. */
async function mapImage(
  id: string,
  batch: ImageBatch,
  out: string,
  options: SaliencyOptions,
): Promise<ImagePeaks> {
  const [, height, width] = batch.shape;
  const { maps, peaks, lows } = await saliency(batch, options);
  const peak: [number, number] = [peaks[0], peaks[1]];
  const seen = overlay(batch.data, maps);
  drawCross({ pixels: seen, height, width }, peak, PEAK_COLOUR);
  const names = { map: nameFor(id, 'map'), overlay: nameFor(id, 'overlay') };
  await writeImage(join(out, names.map), mapToGray(maps), height, width, 1);
  await writeImage(join(out, names.overlay), seen, height, width, 3);
  return { id, ...names, height, width, peak, low: [lows[0], lows[1]], ...extremes(maps) };
}

interface MapsRun {
  dataset: Dataset;
  options: Parsed<typeof mapsOptions>;
  bad: { file: string; reason: string }[];
}

/** The pixels of one item. A bad file is added to `bad`; with `strict` its error is thrown. */
async function loadImage({ dataset, options, bad }: MapsRun, index: number): Promise<ImageBatch | undefined> {
  const { id } = dataset.items[index];
  const { source } = dataset;
  try {
    const { pixels, height, width } = await decode(await source.read(index), options.size, id, source.limits);
    return { data: pixels, shape: [1, height, width, 3] };
  } catch (error) {
    if (options.strict || !(error instanceof SaliencyMixError)) throw error;
    bad.push({ file: id, reason: error.message });
    return undefined;
  }
}

/** Maps all images, several at once. After the first error no further image is begun. */
async function mapAll(run: MapsRun, how: SaliencyOptions): Promise<ImagePeaks[]> {
  const { dataset, options } = run;
  const gate = createGate();
  let [done, failed] = [0, false];
  const one = async (index: number): Promise<ImagePeaks | undefined> => {
    if (failed) return undefined;
    how.signal?.throwIfAborted();
    const batch = await loadImage(run, index);
    const found = batch && (await mapImage(dataset.items[index].id, batch, options.out, how));
    options.onProgress?.({ done: ++done, total: dataset.length, before: 0 });
    return found;
  };
  const watched = (index: number) =>
    one(index).catch((error: unknown) => {
      failed = true;
      throw error;
    });
  const outcomes = await Promise.allSettled(dataset.items.map((_, index) => gate(() => watched(index))));
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value ?? [];
  });
}

/**
 * Writes `ID.map.png`, `ID.overlay.png` for every image, and peaks.json for all.
 * @throws (rejects) SaliencyMixError ARGUMENT, DATA, OUTPUT, BACKEND, ADDON, MODEL; FILE with `strict`; the signal's
 *   reason when aborted
 */
export async function writeMaps(given: MapsOptions): Promise<MapsSummary> {
  const options = parse(mapsOptions, given, 'maps options');
  const { data, out, method, saliencyModel, mean, std, signal, force, threads = 1 } = options;
  // Each call has one image. Where images keep their own sizes, which are not known yet, they are taken for
  // small ones.
  const [height, width] = options.size ?? [0, 0];
  const backend = chooseBackend(options.backend, saliencyWork(height * width, method));
  const started = Date.now();
  const dataset = await openData({ ...data, allowEmptyClasses: true }); // classes do not matter here
  try {
    if (dataset.format !== 'demo') await checkApart(out, dataset.path);
    await checkOut(out, force);
    const bad = dataset.problems.map(({ file, reason }) => ({ file, reason }));
    // Several images run at once, so each call has one thread unless more are asked for.
    const how = { method, saliencyModel, mean, std, backend, threads, signal };
    const images = await mapAll({ dataset, options, bad }, how);
    await writeWhole(join(out, PEAKS), `${JSON.stringify({ method, images }, null, 1)}\n`);
    const { notices } = dataset;
    return { out, images: images.length, bad, notices, seconds: (Date.now() - started) / 1000, backend };
  } finally {
    await dataset.close();
  }
}
