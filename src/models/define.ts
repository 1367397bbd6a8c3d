/** Models from outside: a function over a net becomes a model that is trained like those of the registry. */
import * as check from '../check';
import type { Value } from '../graph/graph';
import { callback, custom, type OptionsOf, parse, required, sides, text } from '../option';
import { modelNames } from './index';
import { classOption, describeModel, type Model } from './model';
import type { Net } from './net';

const definitionOptions = {
  /** Its own: none of createModel's. */
  name: required(text('name')),
  /** Length of the logits. */
  classes: classOption,
  /** What tells models of this name apart, as plain JSON: a checkpoint is only resumed with equal ones. */
  options: custom<Record<string, unknown>, Readonly<Record<string, unknown>>>(plainObject),
  /** Size of the images, where parameters depend on it; 32 × 32 unless given. */
  image: sides(),
  /**
   * images: N×3×H×W → logits: N×classes, made of layers and operators. Called for every graph that is made, and asks for
   * the same parameters each time, in training and in evaluation mode.
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
 * A model that is not in the registry, to be trained like one that is.
 * @throws SaliencyMixError ARGUMENT for a wrong or unknown option; whatever `build` throws
 */
export function defineModel(definition: ModelDefinition): Model {
  const { name, classes, options, image, build } = parse(definitionOptions, definition, 'model definition');
  if ((modelNames as string[]).includes(name)) throw check.invalid('name', 'a name of its own', name);
  return describeModel(name, { options: { ...options, classes }, build, image });
}
