/** The options that decide how a model learns: one table, from which types, checks, command line and documentation follow. */
import * as check from '../check';
import { convolutionForms } from '../graph/native-ops';
import { optimizerNames } from '../graph/optimizers';
import { modelNames } from '../models/index';
import { precisions } from '../onnx/ort-worker';
import { policyOptions } from '../operations/policies/index';
import { colourOptions } from '../mix/colours';
import { resizedCropOptions } from '../data/resized-crop';
import { testResizeOption } from '../data/size';
import { flag, list, named, namesOrUsual, type OptionsOf, real, whole } from '../option';
import { engineOption } from './options';
import { providers } from './provider';
import { scheduleNames, schedules } from './schedule';

const LARGEST = Number.MAX_VALUE;
const inSchedules = scheduleNames.map((name) => `${name}: ${schedules[name].summary}`).join('; ');

/** All are optional; without `recipe`, which sets others of them. */
export const singleOptions = {
  model: named(modelNames, { default: 'resnet20', about: 'the network' }),
  stem: named(['auto', 'cifar', 'imagenet'], {
    default: 'auto',
    about: 'how it begins: auto is cifar up to 64 pixels',
  }),
  width: whole(1, { about: 'channels of the first stage (resnets)' }),
  block: named(['basic', 'bottleneck'], { about: 'of `resnet`' }),
  layers: list('numbers', (one, name) => check.integer(one, name, 1), {
    about: 'blocks per stage of `resnet`',
  }),
  depth: whole(10, { about: '6n + 4, of `wrn`; 28 unless given' }),
  widen: whole(1, { about: 'of `wrn`; 10 unless given' }),
  dropout: real('0 … 0.99', [0, 0.99], { about: 'of `wrn`; the paper’s is 0.3' }),
  stochasticDepth: real('0 … 0.99', [0, 0.99], {
    about:
      'the chance that the last residual block is left out in a step, others linearly less; the paper’s is 0.5',
  }),
  stochasticDepthPer: named(['batch', 'sample'], {
    about:
      'with `stochasticDepth`: whether all images of a batch lose the same blocks, which is the paper’s way, or each its own',
  }),
  stochasticDepthScale: named(['test', 'train'], {
    about:
      'with `stochasticDepth`: when branches are scaled by their chance to stay: in testing, as in the paper, or in training',
  }),
  dropBlock: real('0 … 0.99', [0, 0.99], {
    about:
      'of resnets: the share of the last stage’s maps that is asked to be dropped, in squares, at the end of the run, of the stage before a quarter; it rises from 0; 0.1 is usual',
  }),
  dropBlockSize: whole(1, {
    about: 'with `dropBlock`: the side of a square, at most the map’s; 7 unless given',
  }),
  dropBlockSharedChannels: flag({
    about: 'with `dropBlock`: all channels of an image lose the same squares, as in timm',
  }),
  manifoldMixup: namesOrUsual({
    about:
      'mixes images within the network, and their labels: after a stage that is drawn for each batch from these (`input`: the images themselves); unless named, `input` and the first two; λ ~ Beta(2, 2) unless `alpha` is given',
  }),
  cleanWeight: real('number ≥ 0', [0, LARGEST], {
    default: 0,
    about:
      'how much the loss of a batch’s images as they are counts beside that of the mixed ones; PuzzleMix has 1 for Tiny-ImageNet, else 0. Each step then learns twice as many images, and saliency from the network takes a pass of its own',
  }),
  epochs: whole(1, { max: 0xffff, default: 200, about: 'passes over the data' }),
  batch: whole(1, { default: 128, about: 'images of a step; pairs are drawn within it' }),
  learningRate: real('number > 0', [0, LARGEST, 'open'], {
    default: 0.1,
    alias: 'lr',
    about: 'the full rate',
  }),
  schedule: named(scheduleNames, { default: 'steps', about: inSchedules }),
  milestones: list('epochs', (one, name) => check.number(one, name, 0, LARGEST), {
    about: 'of `steps`; 0.3, 0.6 and 0.8 of all unless given',
  }),
  gamma: real('0 … 1', [0, 1, 'open'], {
    default: 0.2,
    about: 'of `steps`: what the rate is multiplied with',
  }),
  warmup: real('epochs', [0, LARGEST], { default: 0, about: 'over which the rate rises' }),
  optimizer: named(optimizerNames, { default: 'sgd', about: 'as PyTorch has them' }),
  momentum: real('0 … 1', [0, 1], { about: 'of `sgd`; 0.9 unless given' }),
  nesterov: flag({ about: 'of `sgd`; true unless given' }),
  weightDecay: real('0 … 1', [0, 1], { about: '5e-4 unless given; of `adamw` 0.01' }),
  labelSmoothing: real('0 … 0.99', [0, 0.99], {
    default: 0,
    about: 'this share of every label goes to all classes alike',
  }),
  ...policyOptions,
  ...resizedCropOptions,
  crop: whole(0, {
    about:
      'shift by up to so many pixels, zeros coming in; 4 up to 64 pixels, else 0, and 0 with `resizedCrop`, unless given',
  }),
  flip: flag({ default: true, about: 'mirror with a chance of one half' }),
  ...colourOptions,
  testResize: testResizeOption(
    'the shorter side of test images before `size` is cropped about their centre, as 256 for 224; unless given they just cover `size`',
  ),
  mean: list('3 numbers', (one, name) => check.number(one, name, 0, 1), {
    count: 3,
    default: [0.485, 0.456, 0.406],
    about: 'per channel, of [0, 1]',
  }),
  std: list('3 numbers > 0', (one, name) => check.number(one, name, 0, 1, 'open'), {
    count: 3,
    default: [0.229, 0.224, 0.225],
    about: 'per channel',
  }),
  seed: whole(0, { default: 0, about: 'of every random choice' }),
  provider: named(['auto', ...providers], {
    about:
      'where ONNX Runtime computes: cpu, unless given; webgpu, a graphics card; cuda, one of NVIDIA’s; auto: the last of these that is found',
  }),
  precision: named(precisions, { about: 'of cuda: fp32, unless given, or tf32' }),
  engine: engineOption(
    'what calls ONNX Runtime: native, the addon, which keeps weights in place; standard, onnxruntime-node; auto: native where it can be had',
  ),
  convolution: named(convolutionForms, {
    about:
      'how the native engine computes 3×3 convolutions: winograd, unless given, in a quarter of the products; direct, which rounds less',
  }),
  threads: whole(1, { max: 1024, about: 'all processors unless given' }),
};

export type SingleOptions = OptionsOf<typeof singleOptions>;
