/**
 * Networks beside one another, as in figure 4 of the paper: the same pairs of images, mixed by the method that each was trained
 * with, and where each sees both classes.
 */
import type { Dataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { classNumbersOf } from '../data/load';
import { SaliencyMixError } from '../errors';
import { mixMethods } from '../mix/index';
import { mixerFor } from '../mix/mixer';
import { type MixOptions, usesNormalisation } from '../mix/options';
import { chooseThreads } from '../native/backends';
import { pictureAt } from '../report/canvas';
import { type CamCell, type CamRow, camSheet } from '../report/cam-sheet';
import { counted } from '../report/figures';
import type { Signal } from '../types';
import { classesOfImages, namesOfClasses } from './cam-classes';
import { findMaps, type Found, mapCells, type Shown } from './cam-maps';
import type { CamMap } from './cam-options';
import { floatsOf, keptShare, type Labelled, type Normalisation } from './cam-pairs';
import { openSavedTrainer, type SavedTrainer } from './saved-trainer';
import { argmax } from './score';
import { imagesToScore, testResizeFor } from './scoring';
import { normalised, openTestSplit } from './test-data';
import { learningOptions } from './train-options';
import type { Trainer } from './trainer';

export interface BesideNetwork {
  /** Above its column. */
  title: string;
  checkpoint: string;
  mixer: MixOptions;
}

export interface BesideOptions {
  networks: readonly BesideNetwork[];
  data: OpenOptions;
  /** Pairs of images to show. */
  pairs: number;
  /** Of which images are taken, and how they are mixed. */
  seed: number;
  /** First line of the picture. */
  title: string;
  threads?: number;
  signal?: Signal;
  /** Called after each network, which is asked twice. */
  onPart?: () => void;
}

export interface BesidePair {
  target: { id: string; class: string };
  source: { id: string; class: string };
  /** Of how many networks each of both images is classified rightly, as it is. */
  right: readonly [target: number, source: number];
  /** Of each network: the weight of the target's label, and what it sees of the target's and the source's class. */
  networks: { title: string; lambda: number; maps: CamMap[] }[];
}

/** Of so many images for each pair that is shown those are taken that most networks classify rightly. */
const CHOICE = 32;
/** How often a pair is mixed, of which the draw is taken that shows most of both. */
const DRAWS = 64;
/** The share of the target in it. */
const CLEAREST = 0.6;

interface Opened {
  saved: SavedTrainer;
  trainer: Trainer;
  normalisation: Normalisation;
  threads: number;
}

/** Opens a network, does some work with it, and closes it: several large ones may not fit into memory. */
async function withNetwork<T>(
  { checkpoint }: BesideNetwork,
  given: number | undefined,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const threads = chooseThreads(given);
  const saved = await openSavedTrainer(checkpoint, { threads });
  try {
    const { image, settings } = saved;
    if (image === undefined)
      throw new SaliencyMixError('CHECKPOINT', `${checkpoint} does not tell the size of its images`, {
        file: checkpoint,
      });
    const trainer = await saved.trainer(image, CHOICE);
    const { mean = learningOptions.mean.default, std = learningOptions.std.default } = settings ?? {};
    const normalisation = { mean: mean as number[], std: std as number[] };
    return await work({ saved, trainer, normalisation, threads });
  } finally {
    await saved.close();
  }
}

interface Candidates extends Labelled {
  names: readonly string[];
  /** In words. */
  path: string;
}

/** Images of the test data, in a seeded order. */
async function candidates(
  opened: Dataset,
  { saved, trainer }: Opened,
  { pairs, seed, signal }: BesideOptions,
): Promise<Candidates> {
  const dataset = imagesToScore(opened, saved).part;
  const names = namesOfClasses(saved.settings?.classes, dataset, trainer.model.classes);
  const batch = Math.min(dataset.length, CHOICE * pairs);
  const { image: size } = trainer.settings;
  const resize = testResizeFor(size, undefined, saved.settings);
  const how = { size, resize, batch, seed, onBad: 'skip', prefetch: 0, signal } as const;
  for await (const { images, labels, ids } of dataset.batches(how)) {
    const classes = classesOfImages(classNumbersOf(labels, dataset.classes.length), dataset, names);
    return { images, ids, classes, names, path: dataset.path };
  }
  throw new SaliencyMixError('DATA', `${dataset.path} has no images`, { file: dataset.path });
}

/** For each image whether a network classifies it rightly, as it is. */
async function rightIn({ images, classes }: Labelled, { trainer, normalisation, threads }: Opened) {
  const logits = await trainer.predict(await floatsOf(images, normalisation, threads));
  const count = trainer.model.classes;
  return [...classes].map((one, i) => argmax(logits.subarray(i * count, (i + 1) * count)) === one);
}

/** Pairs of two classes, of images that most networks know first; each image once. */
export function choosePairs(
  classes: ArrayLike<number>,
  right: readonly number[],
  pairs: number,
): [target: number, source: number][] {
  const left = right.map((_, i) => i).toSorted((a, b) => right[b] - right[a] || a - b);
  const found: [number, number][] = [];
  while (found.length < pairs && left.length > 1) {
    const target = left.shift() as number;
    const at = left.findIndex((one) => classes[one] !== classes[target]);
    if (at >= 0) found.push([target, ...left.splice(at, 1)] as [number, number]);
  }
  return found;
}

/** Two images of a batch as a batch. */
function pairOf(
  { images: { data, shape }, classes, ids }: Labelled,
  pair: readonly [number, number],
): Labelled {
  const [, height, width, channels] = shape;
  const each = height * width * channels;
  const both = new Uint8Array(2 * each);
  pair.forEach((from, to) => both.set(data.subarray(from * each, (from + 1) * each), to * each));
  return {
    images: { data: both, shape: [2, height, width, channels] },
    classes: Int32Array.from(pair, (one) => classes[one]),
    ids: pair.map((one) => ids[one]),
  };
}

interface MixedPair {
  shown: Shown[];
  lambda: number;
  box?: CamCell['box'];
}

const firstOf = <T extends Uint8Array | Float32Array>(data: T): T => data.subarray(0, data.length / 2) as T;

/** The pair as a network was trained on it: mixed in one image; or each as it is. */
async function shownTo(
  pair: Labelled,
  mixer: MixOptions,
  { trainer, normalisation, threads }: Opened,
  { seed, signal, epoch }: Pick<BesideOptions, 'seed' | 'signal'> & { epoch: number },
): Promise<MixedPair> {
  const [target, source] = pair.classes;
  const { mean, std } = normalisation;
  if (mixer.method === 'none') {
    const floats = await floatsOf(pair.images, normalisation, threads);
    const each = floats.length / 2;
    const shown = [target, source].map((one, i) => ({
      picture: pictureAt(pair.images, i),
      floats: floats.subarray(i * each, (i + 1) * each),
      classes: [one],
    }));
    return { shown, lambda: 1 };
  }
  const own = usesNormalisation(mixer) ? { mean, std } : {};
  const options = { ...mixer, ...own, probability: 1, seed, classes: trainer.model.classes, threads };
  const drawing = mixerFor(options);
  const { hasSource } = mixMethods[mixer.method];
  let [best, distance] = [0, Infinity];
  for (let batch = 0; batch < DRAWS; batch++) {
    const [sample] = (await drawing.plan(pair.images, { epoch, batch, signal })).samples;
    const apart = Math.abs(keptShare(sample, pair.images.shape) - CLEAREST);
    if (!sample.mixed || (hasSource && sample.source !== 1) || apart >= distance) continue;
    [best, distance] = [batch, apart];
  }
  const at = { epoch, batch: best, signal };
  const seen = await drawing.mix(pair.images, pair.classes, at);
  const given = await drawing.mix(pair.images, pair.classes, { ...at, output: normalised(mean, std) });
  const [{ lambda, labelLambda = lambda, to }] = seen.plan.samples;
  const [, height, width] = pair.images.shape;
  const picture = { pixels: firstOf(seen.images.data), height, width };
  const classes = [target, source];
  return {
    shown: [{ picture, floats: firstOf(given.images.data), classes }],
    lambda: labelLambda,
    box: to,
  };
}

/** What a network sees in one pair. */
interface Column extends MixedPair {
  network: BesideNetwork;
  found: Found[];
}

/** Lines of a pair. */
const LINES = 3;

const headOf = (title: string, { method }: MixOptions) =>
  method === 'none' ? `${title}: images as they are` : title;

/** Three lines: the images that networks are given, then the target's and the source's class in them. */
function rowsOf(pair: Labelled, names: readonly string[], columns: readonly Column[]): CamRow[] {
  const original = (at: 0 | 1): CamCell => ({
    picture: pictureAt(pair.images, at),
    title: names[pair.classes[at]],
    note: pair.ids[at],
    of: at === 0 ? 'target' : 'source',
  });
  const mixed = columns.map(({ shown, lambda, network: { mixer } }) =>
    shown.length > 1
      ? undefined
      : { picture: shown[0].picture, title: `λ = ${lambda.toFixed(2)}`, note: mixer.method },
  );
  const cells = columns.map(({ shown, found, box }) =>
    shown.length > 1
      ? shown.flatMap(({ picture }, i) =>
          mapCells(picture, found[i], { of: [i === 0 ? 'target' : 'source'] }),
        )
      : mapCells(shown[0].picture, found[0], { box, of: ['target', 'source'] }),
  );
  return [
    [undefined, ...mixed],
    [original(0), ...cells.map(([ofTarget]) => ofTarget)],
    [original(1), ...cells.map(([, ofSource]) => ofSource)],
  ];
}

/** Of how many networks each image is classified rightly. */
async function countRight(images: Labelled, { networks, threads, signal, onPart }: BesideOptions) {
  const right = images.ids.map(() => 0);
  for (const network of networks) {
    signal?.throwIfAborted();
    const own = await withNetwork(network, threads, (opened) => rightIn(images, opened));
    own.forEach((isRight, i) => (right[i] += Number(isRight)));
    onPart?.();
  }
  return right;
}

/** What each network sees in each pair: by pairs, then by networks. */
async function columnsOf(
  pairs: readonly Labelled[],
  names: readonly string[],
  { networks, threads, seed, signal, onPart }: BesideOptions,
): Promise<Column[][]> {
  const columns: Column[][] = pairs.map(() => []);
  for (const network of networks) {
    signal?.throwIfAborted();
    await withNetwork(network, threads, async (opened) => {
      for (const [epoch, pair] of pairs.entries()) {
        const mixed = await shownTo(pair, network.mixer, opened, { seed, signal, epoch });
        const found = await findMaps({ ...opened, options: { method: 'cam' }, names }, mixed.shown);
        columns[epoch].push({ ...mixed, network, found });
      }
    });
    onPart?.();
  }
  return columns;
}

/**
 * A picture of what several networks see in the same pairs of test images, and the same in figures.
 * @throws (rejects) SaliencyMixError CHECKPOINT, MODEL; DATA also for data of one class; the signal's reason when aborted
 */
export async function camsBeside(options: BesideOptions): Promise<{ png: Buffer; pairs: BesidePair[] }> {
  const { networks, data, threads, seed, title } = options;
  const dataset = await openTestSplit(data);
  try {
    const images = await withNetwork(networks[0], threads, (opened) => candidates(dataset, opened, options));
    const { names, path } = images;
    const right = await countRight(images, options);
    const chosen = choosePairs(images.classes, right, options.pairs);
    if (chosen.length === 0)
      throw new SaliencyMixError('DATA', `${path} has no two images of different classes`, { file: path });
    const pairs = chosen.map((pair) => pairOf(images, pair));
    const columns = await columnsOf(pairs, names, options);
    const [[{ found: seen }]] = columns;
    const png = await camSheet(
      pairs.flatMap((pair, i) => rowsOf(pair, names, columns[i])),
      {
        title: `${title} · CAM, maps of ${seen[0].features.join(' × ')}`,
        subtitle: `${counted(pairs.length, 'pair')} of ${path}, seed ${seed} · cross: the peak · yellow: the box`,
        columns: ['images', ...networks.map(({ title: name, mixer }) => headOf(name, mixer))],
        together: LINES,
      },
    );
    const told = ({ ids, classes }: Labelled, at: 0 | 1) => ({ id: ids[at], class: names[classes[at]] });
    return {
      png,
      pairs: pairs.map((pair, i) => ({
        target: told(pair, 0),
        source: told(pair, 1),
        right: [right[chosen[i][0]], right[chosen[i][1]]],
        networks: columns[i].map(({ network, lambda, found }) => ({
          title: network.title,
          lambda,
          maps: found.flatMap(({ maps }) => maps),
        })),
      })),
    };
  } finally {
    await dataset.close();
  }
}
