/** The maps of images that are shown: asked of the network, enlarged, and put into rows of the sheet. */
import { runNative } from '../native/call';
import { addon } from '../native/load';
import type { Picture } from '../report/canvas';
import { type CamCell, drawnSize } from '../report/cam-sheet';
import { percent } from '../report/figures';
import type { CamImage, CamMap, CamSettings } from './cam-options';
import { argmax } from './score';
import type { Trainer } from './trainer';

/** What all parts of one call share. */
export interface Showing {
  options: CamSettings;
  trainer: Trainer;
  /** Of the model's classes. */
  names: readonly string[];
  threads: number;
}

/** An image that the network is asked about. */
export interface Shown {
  picture: Picture;
  /** As the network takes it. */
  floats: Float32Array;
  /** Numbers of the classes that are shown in it. */
  classes: readonly number[];
}

export interface Found {
  logits: number[];
  maps: CamMap[];
  /** Of each map, as large as it is drawn. */
  drawn: Float32Array[];
  features: readonly [height: number, width: number];
}

/** Maps in another size, bilinearly. */
async function resized(
  { maps, shape: [count, rows, cols] }: { maps: Float32Array; shape: readonly [number, number, number] },
  [height, width]: readonly [number, number],
  threads: number,
): Promise<Float32Array[]> {
  const result = new Float32Array(count * height * width);
  await runNative(
    () => addon().resizeMaps({ threads, count, maps, rows, cols, height, width, result }),
    [maps],
  );
  const each = height * width;
  return Array.from({ length: count }, (_, i) => result.subarray(i * each, (i + 1) * each));
}

/** The softmax of logits at one of them. */
function probabilityOf(logits: readonly number[], at: number): number {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return Math.exp(logits[at] - most) / sum;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The class of the largest logit of each image. */
export async function predictedClasses(
  { trainer, options }: Showing,
  images: Float32Array,
): Promise<Int32Array> {
  const { method, stage } = options;
  return (await trainer.activationMaps({ images, method, stage })).classes;
}

/** Asks the network for all maps of some images, which have one size. */
export async function findMaps(
  {
    trainer,
    options,
    names,
    threads,
  }: Omit<Showing, 'options'> & {
    options: Pick<CamSettings, 'method' | 'stage'>;
  },
  shown: readonly Shown[],
): Promise<Found[]> {
  const { method, stage } = options;
  const images = joined(shown.flatMap(({ floats, classes }) => classes.map(() => floats)));
  const classes = shown.flatMap((one) => one.classes);
  const found = await trainer.activationMaps({ images, classes, method, stage });
  const { height, width } = shown[0].picture;
  const [, rows, cols] = found.shape;
  const own = await resized(found, [height, width], threads);
  const drawn = await resized(found, drawnSize(height, width), threads);
  let at = 0;
  return shown.map((one) => {
    const from = at;
    at += one.classes.length;
    const logits = [...found.logits.subarray(from * names.length, (from + 1) * names.length)];
    const maps = one.classes.map((number, i): CamMap => {
      const peak = argmax(own[from + i]);
      const values = found.maps.subarray((from + i) * rows * cols, (from + i + 1) * rows * cols);
      return {
        class: number,
        name: names[number],
        logit: logits[number],
        probability: probabilityOf(logits, number),
        peak: [Math.floor(peak / width), peak % width],
        most: values.reduce((most, value) => Math.max(most, value), -Infinity),
        least: values.reduce((least, value) => Math.min(least, value), Infinity),
      };
    });
    return { logits, maps, drawn: drawn.slice(from, at), features: [rows, cols] };
  });
}

/** The cells of an image's maps. */
export function mapCells(
  picture: Picture,
  { maps, drawn }: Pick<Found, 'maps' | 'drawn'>,
  more: Pick<CamCell, 'box'> & { of?: readonly ('target' | 'source')[] } = {},
): CamCell[] {
  return maps.map(({ name, logit, probability, peak }, i) => ({
    picture,
    map: drawn[i],
    box: more.box,
    peak,
    title: `${name} ${percent(probability, 1)}`,
    note: `logit ${logit.toFixed(2)}`,
    of: more.of?.[i],
  }));
}

/** What is told of an image beside its picture. */
export const told = ({ logits, maps }: Found): Pick<CamImage, 'logits' | 'maps'> => ({ logits, maps });
