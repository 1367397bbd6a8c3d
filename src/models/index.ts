/** The registry of models. A new one needs a file in this folder and a line here. */
import * as check from '../check';
import { sameShape, type Shape } from '../graph/graph';
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
  /**
   * The first layers. cifar, for small images: a 3×3 convolution; imagenet: a 7×7 one of stride 2, and max
   * pooling.
   */
  stem?: 'cifar' | 'imagenet';
  /** Channels of the first stage (all resnets). */
  width?: number;
  /** Kind of block, and number of blocks in each stage (`resnet` only). */
  block?: 'basic' | 'bottleneck';
  layers?: readonly number[];
  /** Depth 6n + 4, factor of the width, and dropout rate (`wrn` only). */
  depth?: number;
  widen?: number;
  dropout?: number;
  /**
   * Stochastic depth (residual networks): the chance that the last block is left out in training; whether a batch's images lose the
   * same blocks; and whether branches are scaled in evaluation or in training.
   */
  stochasticDepth?: number;
  stochasticDepthPer?: 'batch' | 'sample';
  stochasticDepthScale?: 'test' | 'train';
  /**
   * DropBlock (resnets): the share of the last stage's maps that is asked to be dropped at the end of training, of the stage before
   * a quarter; the side of a square; and whether all channels lose the same squares.
   */
  dropBlock?: number;
  dropBlockSize?: number;
  dropBlockSharedChannels?: boolean;
}

/**
 * A classifier of images (N×3×H×W). Only describes it: the weights are made by a Trainer.
 * @throws SaliencyMixError ARGUMENT for an unknown model or option, or a value out of range
 */
export function createModel(name: string, options: ModelOptions): Model {
  const family = models[check.name(name, modelNames, 'model')];
  return describeModel(name, family.create(options));
}

/** Whether a model has exactly the parameters of these names and shapes. */
export const hasShapes = (model: Model, shapes: ReadonlyMap<string, Shape>): boolean =>
  model.parameters.length === shapes.size &&
  model.parameters.every((one) => sameShape(shapes.get(one.name) ?? [NaN], one.shape));

/** The classifier that has exactly the parameters of these names and shapes, where this package has one. */
export function modelOfShapes(shapes: ReadonlyMap<string, Shape>): Model | undefined {
  for (const [name, family] of Object.entries<Family>(models)) {
    const options = family.optionsFor?.(shapes);
    if (options === undefined) continue;
    try {
      const model = describeModel(name, family.create(options));
      if (hasShapes(model, shapes)) return model;
    } catch {
      // Options out of range: no network has these shapes.
    }
  }
  return undefined;
}
