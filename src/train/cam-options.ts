/** The options of `cam`, and what it finds. */
import * as check from '../check';
import { imagesOption } from '../data/image-files';
import { sizeOption } from '../data/size';
import { type MixerOptions, type MixOptions, mixerOptions, trainingMixer } from '../mix/options';
import { threadsOption } from '../native/backends';
import {
  abortSignal,
  checked,
  custom,
  named,
  optional,
  type OptionsOf,
  type Parsed,
  required,
  text,
  whole,
} from '../option';
import type { Box } from '../types';
import { activationMethods } from './activation-graph';
import { scoredResizeOption } from './scoring';
import { learningOptions } from './train-options';

const { mean: trainedMean, std: trainedStd } = learningOptions;

/** What is written is a PNG: under another name it could replace a model. */
function pngPath(value: unknown, argument: string): string {
  const path = check.text(value, argument);
  if (/\.png$/i.test(path)) return path;
  throw check.invalid(argument, 'a path that ends in .png', value);
}

function classList(value: unknown, argument: string): readonly (string | number)[] {
  if (!Array.isArray(value) || value.length === 0)
    throw check.invalid(argument, 'a list of names or numbers of classes', value);
  return value.map((one) =>
    typeof one === 'number' ? check.integer(one, argument, 0) : check.text(one, argument),
  );
}

export const camOptions = {
  /** A checkpoint, or weights that a network of this package has (.safetensors). */
  model: required(text('path')),
  /** Image files, a folder, or what else openDataset takes; of data with splits test or val, unless one is given. */
  images: required(imagesOption),
  out: custom<string, string, string>(pngPath, {
    kind: 'text',
    default: 'cam.png',
    about: 'where the picture is written',
  }),
  method: named(activationMethods, {
    default: 'cam',
    about: 'cam: features weighted as in the last layer; grad-cam: by their gradients, for any network',
  }),
  stage: text('name', {
    about: 'of grad-cam: the stage of the network whose features are shown, as layer2; the last unless given',
  }),
  /** With a mixer those of image files: the class of each. */
  classes: custom<readonly (string | number)[]>(classList, {
    kind: 'names',
    about:
      'names or numbers of classes to show, as cat,dog or 281,207; unless given the predicted one; with --mix, of files, the class of each',
  }),
  count: whole(1, {
    max: 256,
    about: 'images, or mixed ones, to show; 8 of data, 4 mixed ones, all files, unless given',
  }),
  /** Images are mixed in pairs, as in training with these options; each is shown for both classes. */
  mixer: custom<MixOptions, MixerOptions>((value) =>
    trainingMixer(checked(mixerOptions, value, 'mixer options')),
  ),
  seed: whole(0, { default: 0, about: 'of which images are taken, and how they are mixed' }),
  size: sizeOption('pixels of a side or HEIGHTxWIDTH, for weights alone; as trained unless given'),
  testResize: scoredResizeOption,
  mean: optional(trainedMean, 'per channel, of [0, 1]; as trained unless given'),
  std: optional(trainedStd, 'per channel; as trained unless given'),
  provider: optional(learningOptions.provider, 'where the network runs; as trained unless given'),
  threads: threadsOption('all processors unless given'),
  signal: abortSignal(),
};

export type CamOptions = OptionsOf<typeof camOptions>;
export type CamSettings = Parsed<typeof camOptions>;

/** Where the network sees a class in an image. */
export interface CamMap {
  class: number;
  name: string;
  logit: number;
  /** Of the softmax of the logits. */
  probability: number;
  /** The pixel of the image where the map is largest. */
  peak: [row: number, col: number];
  /** Largest and smallest value of the map. */
  most: number;
  least: number;
}

/** An image, or a mixed one. */
export interface CamImage {
  /** Of mixed ones the target's. */
  id: string;
  /** Of the data; null where it is not known. */
  class: string | null;
  mixed?: {
    method: string;
    source: { id: string; class: string | null };
    /** The weight of the target's label. */
    lambda: number;
    /** The pasted or erased box. */
    to?: Box;
  };
  /** In the model's order. */
  logits: number[];
  maps: CamMap[];
}

export interface CamReport {
  model: string;
  out: string;
  method: string;
  /** Height and width of the maps before they are enlarged. */
  features: readonly [height: number, width: number];
  /** Names of the model's classes, in the order of the logits. */
  classes: readonly string[];
  images: CamImage[];
  bad: { file: string; reason: string }[];
  notices: readonly string[];
}
