/** Models from outside: a function over a net becomes a model that is trained like those of the registry. */
import * as check from '../check';
import type { Value } from '../graph/graph';
import { modelNames } from './index';
import { describeModel, type Model } from './model';
import type { Net } from './net';

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
