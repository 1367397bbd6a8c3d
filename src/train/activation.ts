/** Class activation maps as Trainer.activationMaps gives them: its options, and what comes of them. */
import { types } from 'node:util';
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import type { Model } from '../models/model';
import { flag, later, named, type OptionsOf, parse, text } from '../option';
import { type ActivationKind, activationMethods } from './activation-graph';
import { countImages, type TrainerSettings } from './options';
import type { GraphRunner } from './runner';
import { argmax } from './score';

export const activationOptions = {
  /** n × 3 × height × width, normalised as the model expects; any number. */
  images: later<Float32Array>(),
  /** The class that each image is asked about; the one with the largest logit unless given. */
  classes: later<ArrayLike<number>>(),
  /**
   * cam, unless given: the features before the pooling, weighted by the class's weights in the last layer; the mean of a map
   * plus the class's bias is its logit. For networks that end in the mean of each channel and one linear layer. grad-cam:
   * features weighted by the mean of their gradients, for any network.
   */
  method: named(activationMethods, { default: 'cam' }),
  /** Of grad-cam: the stage of the model whose features are shown (`model.stages`); the last unless given. */
  stage: text('name'),
  /** Of grad-cam: whether negative values, which speak against the class, become 0, as in the paper; true unless given. */
  relu: flag({ default: true }),
};

export type ActivationOptions = OptionsOf<typeof activationOptions> & { images: Float32Array };

export interface ActivationMaps {
  /** n × h × w, row-major; as large as the features. */
  maps: Float32Array;
  shape: readonly [n: number, height: number, width: number];
  /** The class of each map. */
  classes: Int32Array;
  /** n × classes. */
  logits: Float32Array;
}

interface Asked extends ActivationKind {
  images: Float32Array;
  count: number;
  classes?: Int32Array;
  relu: boolean;
}

function checkClasses(given: ArrayLike<number> | undefined, count: number, model: Model) {
  if (given === undefined) return undefined;
  const isList = Array.isArray(given) || types.isTypedArray(given);
  if (!isList || given.length !== count)
    throw check.invalid('classes', `a list of ${count} class numbers, one for each image`, given);
  return Int32Array.from(given, (one) => check.integer(one, 'classes', 0, model.classes - 1));
}

/** @throws SaliencyMixError ARGUMENT */
export function parseActivation(given: ActivationOptions, { image }: TrainerSettings, model: Model): Asked {
  const { images, classes, method, stage, relu } = parse(activationOptions, given, 'activation options');
  const count = countImages(images, image);
  if (count < 1) throw check.invalid('images', 'one image or more', images);
  if (stage !== undefined) {
    if (method === 'cam')
      throw check.invalid('stage', 'nothing with method "cam", which shows the last features', stage);
    check.name(stage, model.stages, 'stage');
  }
  const rectified = relu && method === 'grad-cam';
  return {
    images: images as Float32Array,
    count,
    classes: checkClasses(classes, count, model),
    method,
    stage,
    relu: rectified,
  };
}

/** @throws (rejects) SaliencyMixError MODEL where the model has no such end or stage; TRAINING for maps that are not finite */
export async function activationMaps(
  runner: GraphRunner,
  { images, count, classes: given, method, stage, relu }: Asked,
  { batch }: TrainerSettings,
  model: Model,
): Promise<ActivationMaps> {
  const of = (row: number) => row * model.classes;
  const predicted = async () => {
    const logits = await runner.predict(images, count, Math.min(count, batch));
    return Int32Array.from({ length: count }, (_, i) => argmax(logits.subarray(of(i), of(i + 1))));
  };
  const classes = given ?? (await predicted());
  const picks = new Float32Array(of(count));
  classes.forEach((one, i) => (picks[of(i) + one] = 1));
  const { maps, shape, logits } = await runner.activation(images, picks, count, { method, stage });
  if (!maps.every(Number.isFinite))
    throw new SaliencyMixError(
      'TRAINING',
      'The class activation maps are not finite: the images, or the weights, have numbers that are not, or too large',
    );
  const shown = relu ? maps.map((value) => Math.max(0, value)) : maps;
  return { maps: shown, shape: shape as [number, number, number], classes, logits };
}
