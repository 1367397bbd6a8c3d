/** Shows where a trained network sees a class: in images, and in mixed ones for both classes (figure 4 of the paper). */
import { invalid } from '../check';
import type { Size } from '../data/codec';
import type { Dataset } from '../data/dataset';
import { openImages } from '../data/image-files';
import { classNumbersOf } from '../data/load';
import { resolveSize, checkSize } from '../data/size';
import { SaliencyMixError } from '../errors';
import { mixMethods, needsMaps } from '../mix/index';
import type { MixOptions } from '../mix/options';
import { chooseThreads } from '../native/backends';
import { parse } from '../option';
import { type CamCell, type CamRow, camSheet } from '../report/cam-sheet';
import { counted } from '../report/figures';
import { writeWhole } from '../run/files';
import { classesOfImages, namesOfClasses, numbersOfClasses } from './cam-classes';
import { findMaps, type Found, mapCells, predictedClasses, type Shown, type Showing, told } from './cam-maps';
import { pictureAt } from '../report/canvas';
import { type CamImage, type CamOptions, camOptions, type CamReport, type CamSettings } from './cam-options';
import {
  checkMixing,
  floatsOf,
  type Labelled,
  mixedImages,
  type MixedImages,
  type Normalisation,
} from './cam-pairs';
import { imagesToScore, testResizeFor } from './scoring';
import { openSavedTrainer, type SavedTrainer } from './saved-trainer';
import { TEST_SPLITS } from './test-data';
import type { Trainer } from './trainer';
import { learningOptions } from './train-options';

/** Shown of data unless told otherwise, as they are and mixed. */
const SHOWN = 8;
const SHOWN_MIXED = 4;
/** Of so many times as many images those pairs are taken of which there is something to see. */
const CHOICE = 4;
/** Images in one run of weights alone; a checkpoint has its batch. */
const RUN = 16;

/** Rows of the sheet, and what is told of them. */
interface Rows {
  rows: CamRow[];
  images: CamImage[];
  features: readonly [number, number];
}

const isOfFiles = ({ format }: Dataset): boolean => format === 'files';

/** The size of the network's images; where its file does not have it, that of the images. */
async function sizeFor(
  { image }: SavedTrainer,
  dataset: Dataset,
  { model, size: asked }: CamSettings,
): Promise<Size> {
  const { size } = await resolveSize(dataset, asked ?? (image && checkSize(image)));
  if (!image || size.join() === image.join()) return size;
  const only = `${model} takes images of ${image.join(' × ')} pixels only`;
  throw new SaliencyMixError('MODEL', `${only}, not of ${size.join(' × ')}: leave --size (size) out`, {
    file: model,
    argument: 'size',
  });
}

/** How many images are loaded: all files; of data those that are shown, or more to choose pairs from. */
function countToLoad(dataset: Dataset, { count, mixer }: CamSettings, trainer: Trainer): number {
  if (isOfFiles(dataset)) return mixer ? dataset.length : Math.min(dataset.length, count ?? Infinity);
  const wanted = mixer ? CHOICE * Math.max(SHOWN_MIXED, count ?? SHOWN_MIXED) : (count ?? SHOWN);
  // The network's own saliency is that of one batch.
  const most = mixer && needsMaps(mixer) ? trainer.settings.batch : Infinity;
  return Math.min(dataset.length, wanted, most);
}

interface LoadedImages extends Omit<Labelled, 'classes'> {
  labels: Int32Array;
  bad: CamReport['bad'];
}

/** The first images of a seeded order; files in their own, each of which must be an image. */
async function load(
  dataset: Dataset,
  size: Size,
  resize: number | undefined,
  { options, trainer }: Pick<Showing, 'options' | 'trainer'>,
): Promise<LoadedImages> {
  const { seed, signal } = options;
  const isFiles = isOfFiles(dataset);
  const onBad = isFiles ? 'throw' : 'skip';
  const batch = countToLoad(dataset, options, trainer);
  const how = { size, resize, batch, seed, shuffle: !isFiles, onBad, prefetch: 0, signal } as const;
  const bad = dataset.problems.map(({ file, reason }) => ({ file, reason }));
  for await (const { images, labels, ids, holes } of dataset.batches(how)) {
    bad.push(...holes.map(({ id, error }) => ({ file: id, reason: error.message })));
    return { images, ids, labels: classNumbersOf(labels, dataset.classes.length), bad };
  }
  throw new SaliencyMixError('DATA', `${dataset.path} has no images`, { file: dataset.path });
}

const rowOf = (floats: Float32Array, i: number, count: number): Float32Array =>
  floats.subarray((i * floats.length) / count, ((i + 1) * floats.length) / count);

type Loaded = Labelled & { floats: Float32Array };

/** Images as they are, each with the classes that were asked for, else with the one that the network predicts. */
async function plainRows(showing: Showing, { images, ids, classes, floats }: Loaded): Promise<Rows> {
  const { options, names } = showing;
  const asked = options.classes && numbersOfClasses(options.classes, names);
  const predicted = asked ? undefined : await predictedClasses(showing, floats);
  const shown = ids.map((_, i): Shown => {
    const own = asked ?? [(predicted as Int32Array)[i]];
    return { picture: pictureAt(images, i), floats: rowOf(floats, i, ids.length), classes: own };
  });
  const found = await findMaps(showing, shown);
  const nameOf = (i: number) => names[classes[i]] ?? null;
  return {
    features: found[0].features,
    images: found.map((one, i) => ({ id: ids[i], class: nameOf(i), ...told(one) })),
    rows: found.map((one, i) => {
      const { picture } = shown[i];
      return [{ picture, title: ids[i], note: nameOf(i) ?? '' }, ...mapCells(picture, one)];
    }),
  };
}

/** The class of each image: of files what was asked for, of data what it says; of others what the network predicts. */
async function classesForPairs(
  showing: Showing,
  { ids, classes, floats }: Loaded,
  ofFiles: boolean,
): Promise<Int32Array> {
  const { options, names } = showing;
  if (options.classes !== undefined) {
    if (!ofFiles) throw invalid('classes', 'nothing: with a mixer the data says them', options.classes);
    const asked = numbersOfClasses(options.classes, names);
    if (asked.length !== ids.length)
      throw invalid('classes', `${ids.length} classes, one for each file`, options.classes);
    return Int32Array.from(asked);
  }
  if (!classes.includes(-1)) return classes;
  const predicted = await predictedClasses(showing, floats);
  return classes.map((one, i) => (one < 0 ? predicted[i] : one));
}

/** What mixed images are made of, and what the network finds in them. */
interface Mixed extends MixedImages {
  loaded: Labelled;
  shown: readonly Shown[];
  found: readonly Found[];
}

/** What is told of a mixed image. */
function mixedImage({ loaded, samples, found }: Mixed, names: readonly string[], i: number): CamImage {
  const { target, source, lambda, labelLambda = lambda, to, method } = samples[i];
  const of = (at: number) => ({ id: loaded.ids[at], class: names[loaded.classes[at]] });
  const mixed = { method, source: of(source), lambda: labelLambda, ...(to && { to }) };
  return { ...of(target), mixed, ...told(found[i]) };
}

/** Target, source, the mixed image, and its maps. */
function mixedRow({ loaded, samples, shown, found }: Mixed, names: readonly string[], i: number): CamRow {
  const { target, source, lambda, labelLambda = lambda, to: box, method } = samples[i];
  const { picture, classes } = shown[i];
  const cell = (at: number, of: 'target' | 'source'): CamCell => ({
    picture: pictureAt(loaded.images, at),
    title: names[loaded.classes[at]],
    note: loaded.ids[at],
    of,
  });
  return [
    cell(target, 'target'),
    ...(classes.length > 1 ? [cell(source, 'source')] : []),
    { picture, title: `λ = ${labelLambda.toFixed(2)}`, note: method },
    ...mapCells(picture, found[i], { box, of: ['target', 'source'] }),
  ];
}

/** Mixed images, each with the class of its target and that of its source. */
async function mixedRows(
  showing: Showing,
  loaded: Loaded,
  { mixer, isFiles, normalisation }: { mixer: MixOptions; isFiles: boolean; normalisation: Normalisation },
): Promise<Rows> {
  const { options, names, trainer, threads } = showing;
  const { seed, signal, count } = options;
  const labelled = { ...loaded, classes: await classesForPairs(showing, loaded, isFiles) };
  const wanted = Math.min(count ?? (isFiles ? Infinity : SHOWN_MIXED), loaded.ids.length);
  const mixing = { options: mixer, seed, trainer, normalisation, threads, signal };
  const mixed = await mixedImages(labelled, wanted, mixing);
  const { samples, images, floats } = mixed;
  const shown = samples.map(({ target, source }, i): Shown => {
    const own = mixMethods[mixer.method].hasSource ? [target, source] : [target];
    const classes = own.map((at) => labelled.classes[at]);
    return { picture: pictureAt(images, i), floats: rowOf(floats, i, samples.length), classes };
  });
  const found = await findMaps(showing, shown);
  const all = { ...mixed, loaded: labelled, shown, found };
  return {
    features: found[0].features,
    images: samples.map((_, i) => mixedImage(all, names, i)),
    rows: samples.map((_, i) => mixedRow(all, names, i)),
  };
}

/** Above the columns of mixed images; a method without a source has fewer. */
const COLUMNS = ['target', 'source', 'mixed', 'target’s class', 'source’s class'];
const COLUMNS_ALONE = ['target', 'mixed', 'its class'];

/** What the picture is of, in two lines. */
function headingOf({ options, trainer }: Showing, dataset: Dataset, { features, images }: Rows) {
  const { method, stage, mixer, seed, model } = options;
  const how = [
    method === 'cam' ? 'CAM' : 'Grad-CAM',
    ...(stage ? [stage] : []),
    `maps of ${features.join(' × ')}`,
  ];
  const of = isOfFiles(dataset) ? '' : ` of ${dataset.path}, seed ${seed}`;
  const hasPair = mixer && mixMethods[mixer.method].hasSource;
  const isPatched = images.some(({ mixed }) => mixed?.to);
  return {
    title: [trainer.model.name, ...how, ...(mixer ? [mixer.method] : [])].join(' · '),
    subtitle: `${model} · ${counted(images.length, mixer ? 'mixed image' : 'image')}${of} · cross: the peak${isPatched ? ' · yellow: the box' : ''}`,
    columns: mixer && (hasPair ? COLUMNS : COLUMNS_ALONE),
  };
}

async function show(saved: SavedTrainer, opened: Dataset, options: CamSettings): Promise<CamReport> {
  const { settings } = saved;
  const dataset = isOfFiles(opened) ? opened : imagesToScore(opened, saved).part;
  const { model, mixer, out, method } = options;
  if (mixer) checkMixing(mixer, dataset.length);
  const size = await sizeFor(saved, dataset, options);
  const trainer = await saved.trainer(size, RUN);
  const names = namesOfClasses(settings?.classes, dataset, trainer.model.classes);
  const normalisation: Normalisation = {
    mean: options.mean ?? settings?.mean ?? (learningOptions.mean.default as number[]),
    std: options.std ?? settings?.std ?? (learningOptions.std.default as number[]),
  };
  const threads = chooseThreads(options.threads);
  const showing = { options, trainer, names, threads };
  const { images, ids, labels, bad } = await load(
    dataset,
    size,
    testResizeFor(size, options.testResize, settings),
    showing,
  );
  const floats = await floatsOf(images, normalisation, threads);
  const loaded = { images, ids, floats, classes: classesOfImages(labels, dataset, names) };
  const shown = mixer
    ? await mixedRows(showing, loaded, { mixer, normalisation, isFiles: isOfFiles(dataset) })
    : await plainRows(showing, loaded);
  await writeWhole(out, await camSheet(shown.rows, headingOf(showing, dataset, shown)));
  const { features, images: found } = shown;
  return { model, out, method, features, classes: names, images: found, bad, notices: dataset.notices };
}

/**
 * Class activation maps of images by a trained model, CAM or Grad-CAM, as a picture and in figures; with a mixer of mixed images,
 * for both of their classes.
 * @throws (rejects) SaliencyMixError ARGUMENT, CHECKPOINT, MODEL (ONNX; CAM of a network with another end), DATA, OUTPUT; FILE for
 *   a file that is no image; the signal's reason when aborted
 */
export async function cam(given: CamOptions): Promise<CamReport> {
  const options = parse(camOptions, given, 'cam options');
  const { model, images, threads, provider } = options;
  const saved = await openSavedTrainer(model, { threads: chooseThreads(threads), provider });
  try {
    const dataset = await openImages(images, TEST_SPLITS);
    try {
      return await show(saved, dataset, options);
    } finally {
      await dataset.close();
    }
  } finally {
    await saved.close();
  }
}
