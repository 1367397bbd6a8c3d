/** The registry of models. A new one: its file in this folder, and one line here. */
import * as check from '../check';
import type { Value } from '../graph/graph';
import { describeModel, type Family, type Model } from './model';
import type { Net } from './net';
import { resnets } from './resnet';
import { vgg16bn } from './vgg';
import { wrn } from './wrn';

export const models = {
  ...resnets,
  wrn,
  'vgg16-bn': vgg16bn,
} as const satisfies Record<string, Family>;

export type ModelName = keyof typeof models;
export const modelNames = Object.keys(models) as ModelName[];

export interface ModelOptions {
  /** Length of the logits. */
  classes: number;
  /** cifar: small images, one 3×3 convolution first; imagenet: a 7×7 one in steps of 2, and pooling. */
  stem?: 'cifar' | 'imagenet';
  /** Channels of the first stage (resnet…). */
  width?: number;
  /** Block and blocks per stage (resnet). */
  block?: 'basic' | 'bottleneck';
  layers?: readonly number[];
  /** Of a wide residual network (wrn). */
  depth?: number;
  widen?: number;
  dropout?: number;
}

/**
 * Describes a classifier of N×3×H×W images; nothing is allocated.
 * @throws SaliencyMixError ARGUMENT for an unknown model or option, or a value out of range
 */
export function createModel(name: string, options: ModelOptions): Model {
  const family = models[check.name(name, modelNames, 'model')];
  return describeModel(
    name,
    family.create(check.options(options, Object.keys(options ?? {}), 'model options')),
  );
}

export interface ModelDefinition {
  /** Its own: none of createModel's. */
  name: string;
  /** Length of the logits. */
  classes: number;
  /** What tells models of this name apart, as plain JSON: a checkpoint is only resumed with equal ones. */
  options?: Readonly<Record<string, unknown>>;
  /** Size of the images, where parameters depend on it; 32 × 32 unless given. */
  image?: readonly [height: number, width: number];
  /**
   * images: N×3×H×W → logits: N×classes, made of layers and operators. Called for every graph that is made, and asks for
   * the same parameters each time, in training and in evaluation mode.
   */
  build: (net: Net, images: Value) => Value;
}

/**
 * A model that is not in the registry, to be trained like one that is.
 * @throws SaliencyMixError ARGUMENT for a wrong or unknown option; whatever `build` throws
 */
export function defineModel(definition: ModelDefinition): Model {
  const known = ['name', 'classes', 'options', 'image', 'build'];
  const given = check.options(definition, known, 'model definition');
  const name = check.text(given.name, 'name');
  if ((modelNames as string[]).includes(name)) throw check.invalid('name', 'a name of its own', name);
  const classes = check.integer(given.classes, 'classes', 1, 1 << 20);
  const { build } = definition;
  if (typeof build !== 'function') throw check.invalid('build', 'a function (net, images) => logits', build);
  const options = { ...plainOptions(given.options), classes };
  return describeModel(name, { options, build, image: imageSize(given.image) });
}

function plainOptions(given: unknown): Record<string, unknown> {
  const options = check.options(given, Object.keys(given ?? {}), 'options');
  try {
    return JSON.parse(JSON.stringify(options)) as Record<string, unknown>;
  } catch (error) {
    throw check.invalid('options', 'plain JSON', given, { cause: error });
  }
}

function imageSize(given: unknown): [height: number, width: number] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given) || given.length !== 2) throw check.invalid('image', '[height, width]', given);
  return [check.integer(given[0], 'image[0]', 1, 1 << 16), check.integer(given[1], 'image[1]', 1, 1 << 16)];
}
