/** Models from outside this package: a function of a net becomes a model that can be trained. */
import * as check from '../check';
import type { Value } from '../graph/graph';
import { callback, custom, type OptionsOf, parse, required, sides, text } from '../option';
import { modelNames } from './index';
import { classOption, describeModel, type Model } from './model';
import type { Net } from './net';

const definitionOptions = {
  /** A name that no model of createModel has. */
  name: required(text('name')),
  /** Length of the logits. */
  classes: classOption,
  /** Plain JSON that describes this variant of the model; a checkpoint is only resumed with equal options. */
  options: custom<Record<string, unknown>, Readonly<Record<string, unknown>>>(plainObject),
  /** An image size that the model can take, to find its parameters with; 32 × 32 unless given. */
  image: sides(),
  /**
   * Makes logits (N×classes) of images (N×3×H×W, normalised) from layers and operators. It is called for every
   * graph, and must ask the net for the same parameters each time, in training and in evaluation mode.
   */
  build: required(callback<(net: Net, images: Value) => Value>('a function (net, images) => logits')),
};

export type ModelDefinition = OptionsOf<typeof definitionOptions>;

function plainObject(given: unknown): Record<string, unknown> {
  const options = check.object(given, 'options');
  try {
    return JSON.parse(JSON.stringify(options)) as Record<string, unknown>;
  } catch (error) {
    throw check.invalid('options', 'plain JSON', given, { cause: error });
  }
}

/**
 * A model of your own, for `Trainer.create`.
 * @throws SaliencyMixError ARGUMENT for a wrong or unknown option; whatever `build` throws
 */
export function defineModel(definition: ModelDefinition): Model {
  const { name, classes, options, image, build } = parse(definitionOptions, definition, 'model definition');
  if ((modelNames as string[]).includes(name)) throw check.invalid('name', 'a name of its own', name);
  return describeModel(name, { options: { ...options, classes }, build, image });
}
