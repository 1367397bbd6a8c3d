/** The options of a trainer, and checks of its methods' arguments. */
import { availableParallelism } from 'node:os';
import { types } from 'node:util';
import * as check from '../check';
import { labels as checkLabels } from '../check-batch';
import { DeviceBatch } from '../device/batch';
import { SaliencyMixError } from '../errors';
import { convolutionForms } from '../graph/native-ops';
import { createOptimizer, type Optimizer, type OptimizerOptions } from '../graph/optimizers';
import type { Model } from '../models/model';
import { engineNames } from '../onnx/engine';
import { precisions } from '../onnx/ort-worker';
import type { Images } from './batch';
import { checkHidden, type HiddenMix, hiddenOption } from './hidden-mix';
import { providers } from './provider';
import {
  custom,
  group,
  later,
  named,
  type OptionsOf,
  type Parsed,
  parse,
  real,
  required,
  sides,
  text,
  whole,
} from '../option';

/** See onnx/engine.ts. */
export const engineOption = (about?: string) => named(['auto', ...engineNames], { default: 'auto', about });

export const trainerOptions = {
  /** Images of a step; a step may have fewer, never more. */
  batch: required(whole(1, { max: 1 << 20 })),
  /** Height and width of the images. */
  image: required(sides()),
  optimizer: required(
    custom<Optimizer, OptimizerOptions>((value = { name: 'sgd' }) => createOptimizer(value)),
  ),
  /**
   * Where ONNX Runtime computes; 'cpu' unless given. webgpu: on the graphics card, by Vulkan, Metal or Direct3D 12, through
   * onnxruntime-node; one trainer of a process at a time. cuda: on NVIDIA's cards, by the native engine, where ONNX Runtime
   * has its CUDA provider. auto: cuda, else webgpu on a graphics card, else cpu, and a warning says which. Bits are the same
   * for each provider, not between them.
   */
  provider: named(['auto', ...providers], { default: 'cpu' }),
  /** Numbers of the provider cuda, whose tf32 rounds factors to ten bits after the first; fp32 unless given. */
  precision: named(precisions, { default: 'fp32' }),
  /**
   * native: the addon calls ONNX Runtime's library, which runs graphs with operators of this package; weights stay in
   * native memory. standard: graphs of ONNX's own operators, through onnxruntime-node. auto, unless given: native, or
   * where that cannot be had standard, with a warning; by WebGPU always standard, by CUDA always native.
   */
  engine: engineOption(),
  /**
   * How the native engine computes 3×3 convolutions with stride 1. winograd, unless given: in a quarter of the products
   * (Lavin & Gray, CVPR 2016), with rounding errors two to three times those of direct, which is their definition.
   */
  convolution: named(convolutionForms, { default: 'winograd' }),
  /**
   * Largest number of steps in one run of ONNX Runtime by the engine standard; 1 unless given. Steps that wait for
   * earlier ones are run together, which copies the weights once for all of them. The bits stay the same. The engine
   * native and providers of graphics cards copy no weights, and always run one step at a time.
   */
  stepsPerRun: whole(1, { max: 1024, default: 1 }),
  /**
   * Threads of ONNX Runtime; all processors unless given. The engine native gives the same bits for any number; those
   * of the engine standard on the provider cpu depend on it, because it decides where the runtime splits its sums.
   */
  threads: whole(1, { max: 1024 }),
  /** Seed of the initial weights and of dropout; 0 unless given. */
  seed: whole(0, { default: 0 }),
  /**
   * A folder for ONNX Runtime's profiles: how long each node takes, in the format of Chrome's and Perfetto's trace
   * viewers. One file per graph, such as step-of-128.json, complete once the trainer is closed.
   */
  profile: text('folder'),
};

export type ResumeOptions = OptionsOf<typeof resumeOptions>;
export type TrainerOptions = OptionsOf<typeof trainerOptions>;
export type TrainerSettings = Required<Omit<Parsed<typeof trainerOptions>, 'profile'>> & { profile?: string };

export function parseTrainer(given: unknown): TrainerSettings {
  const settings = parse(trainerOptions, given, 'trainer options');
  return Object.freeze({ ...settings, threads: settings.threads ?? availableParallelism() });
}

export const resumeOptions = {
  threads: trainerOptions.threads,
  profile: trainerOptions.profile,
  engine: named(['auto', ...engineNames]),
  provider: named(['auto', ...providers]),
  precision: named(precisions),
  convolution: named(convolutionForms),
  model: later<Model>(),
};
/** checkBatch checks both. */
export const trainingBatch = { images: later<Images>(), labels: later<Float32Array>() };
export const hiddenMixBatch = { ...trainingBatch, hidden: hiddenOption };
export const stepOptions = {
  ...hiddenMixBatch,
  learningRate: required(real('number ≥ 0', [0, Number.MAX_VALUE])),
  progress: real('0 … 1', [0, 1], { default: 1 }),
  beside: group({ ...trainingBatch, weight: required(real('number > 0', [0, Number.MAX_VALUE, 'open'])) }),
};

/** The settings that decide numbers, as plain data; parseTrainer makes the same settings of them. */
export function plainSettings(settings: TrainerSettings): Omit<Required<TrainerOptions>, 'profile'> {
  const plain = { ...settings, optimizer: settings.optimizer.options };
  delete plain.profile;
  return plain;
}

/**
 * Number of images in an NCHW array.
 * @throws SaliencyMixError ARGUMENT for another type or length
 */
export function countImages(images: unknown, [height, width]: readonly [number, number]): number {
  if (!types.isFloat32Array(images)) throw check.invalid('images', 'a Float32Array (NCHW)', images);
  const each = 3 * height * width;
  if (images.length % each !== 0)
    throw check.invalid('images', `a multiple of 3 × ${height} × ${width} = ${each} values`, images);
  return images.length / each;
}

/**
 * Number of images in a device batch, which has to be where the trainer computes.
 * @throws SaliencyMixError ARGUMENT for another backend, dtype or size
 */
function countOnDevice(
  { backend, dtype, layout, shape }: DeviceBatch,
  { provider, engine, image: [height, width] }: TrainerSettings,
): number {
  if (engine !== 'native')
    throw check.invalid(
      'images',
      `a Float32Array where the engine is '${engine}'`,
      `a device batch on ${backend}`,
    );
  if (backend !== provider)
    throw check.invalid(
      'images',
      `a Float32Array, or a device batch on '${provider}', the provider`,
      `one on '${backend}'`,
    );
  if (dtype !== 'float32')
    throw check.invalid('images', "a device batch of float32 (mix with output: { dtype: 'float32' })", dtype);
  const [count, ...rest] = shape;
  const expected = layout === 'NHWC' ? [height, width, 3] : [3, height, width];
  if (rest.join() !== expected.join())
    throw check.invalid('images', `a device batch of n × ${expected.join(' × ')}`, shape.join(' × '));
  return count;
}

/** A sum of a label's weights this close to 1 counts as 1: rounding may cause the difference. */
const NEAR_ONE = 1e-3;
let warned = false;

/**
 * Warns, once per process, of a label that does not sum to 1. It is no error, since multi-label rows do not.
 */
function warnOfSums(labels: Float32Array, classes: number): void {
  for (let row = 0; !warned && row < labels.length / classes; row++) {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += labels[row * classes + k];
    if (Math.abs(sum - 1) <= NEAR_ONE) continue;
    warned = true;
    const what = `The labels of image ${row} sum to ${Number(sum.toPrecision(6))}, not to 1`;
    process.emitWarning(`${what}: the loss is no cross entropy of distributions (said once)`, {
      type: 'SaliencyMixWarning',
    });
  }
}

/** What is wrong with a batch beside another one is told as of that. */
function countBeside(beside: object, settings: TrainerSettings, model: Model): number {
  try {
    return checkBatch(beside, settings, model);
  } catch (error) {
    if (!(error instanceof SaliencyMixError)) throw error;
    const { code, message, argument } = error;
    throw new SaliencyMixError(code, `Of the batch beside: ${message}`, { argument: `beside.${argument}` });
  }
}

/**
 * Checks the batch beside another one.
 * @throws SaliencyMixError ARGUMENT
 */
export function checkBeside(
  { images, beside }: { images: Images; beside?: { images?: Images; labels?: unknown } },
  count: number,
  settings: TrainerSettings,
  model: Model,
): void {
  if (beside === undefined) return;
  if (countBeside(beside, settings, model) !== count)
    throw check.invalid('beside.images', `${count} images, as many as those beside them`, beside.images);
  const where = (given?: Images) =>
    given instanceof DeviceBatch ? `${given.backend} ${given.layout}` : 'here';
  if (where(images) !== where(beside.images))
    throw check.invalid(
      'beside.images',
      'images in the same place and layout as those beside them',
      beside.images,
    );
}

/**
 * Checks a training batch and gives its number of images.
 * @throws SaliencyMixError ARGUMENT
 */
export function checkBatch(
  given: { images?: unknown; labels?: unknown; hidden?: HiddenMix },
  settings: TrainerSettings,
  model: Model,
): number {
  const { batch, image } = settings;
  const { images } = given;
  const count = images instanceof DeviceBatch ? countOnDevice(images, settings) : countImages(images, image);
  if (count < 1 || count > batch) throw check.invalid('images', `1 to ${batch} images`, images);
  checkRows(given.labels, count, model);
  if (given.hidden) checkHidden(given.hidden, model, count);
  return count;
}

/**
 * Checks the labels of some images.
 * @throws SaliencyMixError ARGUMENT
 */
export function checkRows(labels: unknown, count: number, model: Model): void {
  if (!types.isFloat32Array(labels) || labels.length !== count * model.classes) {
    const rows = `${count} × ${model.classes}`;
    throw check.invalid('labels', `a Float32Array of ${rows} values (images × classes)`, labels);
  }
  checkLabels(labels, count, model.classes);
  // With a negative weight the loss would have no lower bound.
  const negative = labels.findIndex((label) => label < 0);
  if (negative >= 0) {
    const index = Math.floor(negative / model.classes);
    throw check.invalid('labels', 'numbers of at least 0', labels[negative], { index });
  }
  warnOfSums(labels, model.classes);
}
