/**
 * The settings that decide a training run's numbers. They are in run.json and the checkpoint; a resumed run
 * must have the same.
 */
import type { Augmentation } from '../data/augmentation';
import type { Dataset } from '../data/dataset';
import type { OpenOptions } from '../data/datasets/format';
import { chosenCrop } from '../data/resized-crop';
import { checkResize, resolveSize, type SizeOption } from '../data/size';
import type { Size } from '../data/codec';
import { createOptimizer, type OptimizerOptions } from '../graph/optimizers';
import { createModel, modelNames, type ModelOptions, models } from '../models/index';
import type { Model } from '../models/model';
import { chosenPolicy } from '../operations/policies/index';
import { checkSides, mixerOptions, type MixOptions, trainingMixer, usesNormalisation } from '../mix/options';
import { type Checked, checked, completed, defaultsOf, type Parsed } from '../option';
import { type DecidingOptions, decidingOptions, fingerprint } from '../run/data-identity';
import type { ScheduleSettings } from './schedule';
import { manifoldMixer, mixedStages } from './manifold-mixup';
import { optionsOf, type Recipe, recipes } from './recipes';
import { learningOptions, trainOptions } from './train-options';

interface DataSettings {
  path: string;
  format: string;
  images: number;
  fingerprint: string;
  /** Options of the demo data set, whose images the fingerprint does not cover. */
  demo?: OpenOptions['demo'];
}

/** Plain data, with all defaults. */
export interface TrainSettings extends ScheduleSettings {
  data: DataSettings;
  test: DataSettings | null;
  /** The share of the images that is held out to test on, and the fingerprint of all; where it is. */
  holdout?: { share: number; fingerprint: string };
  classes: readonly string[];
  size: Size;
  model: { name: string; options: Readonly<Record<string, unknown>> };
  mixer: DecidingOptions;
  batch: number;
  optimizer: OptimizerOptions;
  labelSmoothing: number;
  /** The weight of the loss of images as they are; where it is above 0. */
  cleanWeight?: number;
  /** The model's stages after one of which a batch is mixed, with the draws of the mixer. */
  manifoldMixup?: readonly string[];
  augment: Augmentation;
  /** Of the colours of training images; where they are above 0. */
  jitter?: number;
  lighting?: number;
  /** The length that the shorter side of test images is resized to before their centre is cropped; where that was asked for. */
  testResize?: number;
  mean: readonly number[];
  std: readonly number[];
  seed: number;
}

/** The optimizer's options with defaults. createOptimizer refuses options that the optimizer does not have. */
function optimizerOf({
  optimizer: name,
  momentum,
  nesterov,
  weightDecay,
}: Pick<
  Parsed<typeof trainOptions>,
  'optimizer' | 'momentum' | 'nesterov' | 'weightDecay'
>): OptimizerOptions {
  const given: Record<string, unknown> = { name, weightDecay };
  if (name === 'sgd') {
    given.momentum = momentum ?? 0.9;
    given.nesterov = nesterov ?? given.momentum !== 0;
    given.weightDecay ??= 5e-4;
  } else {
    if (momentum !== undefined) given.momentum = momentum;
    if (nesterov !== undefined) given.nesterov = nesterov;
  }
  return createOptimizer(given).options;
}

/** The options of a run, checked and with defaults, before anything is opened or written. */
export type Training = Omit<Parsed<typeof trainOptions>, 'optimizer' | 'mixer'> & {
  readonly mixer: MixOptions;
  readonly optimizer: OptimizerOptions;
};

/** What a recipe may set. */
const recipeOptions = { ...learningOptions, size: trainOptions.size };

/** The sizes of a recipe's images; that of test images before they are cropped moves with another size. */
function sizesOf(
  { size: own, learning: { testResize } }: Recipe,
  given: SizeOption | undefined,
): { size?: number; testResize?: number } {
  if (own === undefined || testResize === undefined || given === undefined) return { size: own, testResize };
  const side = typeof given === 'string' ? undefined : Math.max(...[given].flat());
  return { testResize: side && Math.round((testResize * side) / own) };
}

/** The options of a recipe, as checked ones, but for those of its optimizer that do not go with what is given. */
function checkedRecipe(
  recipe: Recipe,
  { epochs, optimizer, momentum, size, resizedCrop }: Checked<typeof trainOptions>,
): Checked<typeof trainOptions> {
  const {
    momentum: its,
    nesterov,
    weightDecay,
    ...others
  } = { ...optionsOf(recipe, epochs), ...sizesOf(recipe, size) };
  if (resizedCrop) delete others.crop; // a shift takes its place otherwise
  const isOther = optimizer !== undefined && optimizer !== others.optimizer;
  const own = isOther ? {} : { momentum: its, weightDecay, ...(momentum !== 0 && { nesterov }) };
  return checked(recipeOptions, { ...others, ...own }, 'recipe');
}

export function parseTraining(asked: unknown): Training {
  const first = checked(trainOptions, asked, 'train options');
  const recipe = first.recipe && recipes[first.recipe];
  const options = completed(trainOptions, first, recipe && checkedRecipe(recipe, first));
  chosenPolicy(options);
  chosenCrop(options);
  const given = options.manifoldMixup ? manifoldMixer(options.mixer) : options.mixer;
  const mixer = trainingMixer(given, recipe?.mixer);
  return Object.freeze({ ...options, mixer, optimizer: optimizerOf(options) });
}

/**
 * Images with sides up to this are treated like CIFAR's: the default is the cifar stem, and crops that shift by
 * 4 pixels.
 */
const SMALL = 64;

/**
 * All options of all models, but for `classes`, which the data tell, and `stem`, whose default depends on the
 * image size.
 */
const MODEL_OPTIONS = new Set(modelNames.flatMap((name) => Object.keys(models[name].options)));
for (const name of ['classes', 'stem']) MODEL_OPTIONS.delete(name);

/** Makes the model from the options that were given. One that the model does not have is refused by name. */
function createModelFor(learning: Training, classes: number, [height, width]: Size): Model {
  const { model: name, stem } = learning;
  const given: Record<string, unknown> = { ...learning };
  const options: Record<string, unknown> = { classes };
  for (const option of MODEL_OPTIONS) if (given[option] !== undefined) options[option] = given[option];
  const byItself = stem === 'auto' && !('stem' in models[name].options);
  if (!byItself)
    options.stem = stem === 'auto' ? (Math.max(height, width) <= SMALL ? 'cifar' : 'imagenet') : stem;
  return createModel(name, options as unknown as ModelOptions);
}

function identified(dataset: Dataset, { demo }: OpenOptions): DataSettings {
  const { path, format, length } = dataset;
  return { path, format, images: length, fingerprint: fingerprint(dataset), ...(demo && { demo }) };
}

/** Finds the settings that depend on the data, and makes the model. */
export async function resolveSettings(
  options: Training,
  train: Dataset,
  test: Dataset | undefined,
  holdout?: TrainSettings['holdout'],
): Promise<{ settings: TrainSettings; model: Model }> {
  const { size } = await resolveSize(train, options.size);
  checkSides(options.mixer, size);
  checkResize(options.testResize, size, 'testResize');
  const classes = train.classes.length;
  const model = createModelFor(options, classes, size);
  const { epochs, learningRate, schedule, gamma, warmup, labelSmoothing, flip, mean, std, seed } = options;
  const { manifoldMixup } = options;
  const settings: TrainSettings = {
    data: identified(train, options.data),
    test: test ? identified(test, options.test || options.data) : null,
    ...(holdout && { holdout }),
    classes: train.classes,
    size,
    model: { name: model.name, options: model.options },
    mixer: decidingOptions(
      { ...options.mixer, seed, ...(usesNormalisation(options.mixer) && { mean, std }) },
      classes,
    ),
    epochs,
    batch: Math.min(options.batch, train.length),
    learningRate,
    schedule,
    milestones: options.milestones ?? [0.3, 0.6, 0.8].map((share) => share * epochs),
    gamma,
    warmup,
    optimizer: options.optimizer,
    labelSmoothing,
    ...(options.cleanWeight > 0 && { cleanWeight: options.cleanWeight }),
    ...(manifoldMixup && { manifoldMixup: mixedStages(manifoldMixup, model) }),
    augment: {
      ...chosenPolicy(options),
      crop: options.crop ?? (Math.max(...size) <= SMALL && !options.resizedCrop ? 4 : 0),
      flip,
      ...chosenCrop(options),
    },
    ...(options.jitter > 0 && { jitter: options.jitter }),
    ...(options.lighting > 0 && { lighting: options.lighting }),
    ...(options.testResize !== undefined && { testResize: options.testResize }),
    mean,
    std,
    seed,
  };
  return { settings, model };
}

/** What settings have unless options say otherwise, as far as it depends on nothing else. */
export function defaultSettings({ model, optimizer }: Pick<TrainSettings, 'model' | 'optimizer'>) {
  return {
    ...defaultsOf(learningOptions),
    model: { options: defaultsOf(models[model.name as keyof typeof models].options) },
    optimizer: optimizerOf({ optimizer: optimizer.name }),
    mixer: defaultsOf(mixerOptions),
    augment: defaultsOf(learningOptions),
  };
}
