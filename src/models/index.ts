/** The registry of models. A new one: its file in this folder, and one line here. */
import * as check from '../check';
import { describeModel, type Family, type Model } from './model';
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
  return describeModel(name, family.create(options));
}
