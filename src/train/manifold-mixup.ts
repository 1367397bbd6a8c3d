/**
 * Manifold Mixup: Verma et al., "Manifold mixup: better representations by interpolating hidden states", ICML 2019. For each batch
 * one of some layers is drawn, after which its images are mixed with one another, all with the same λ ~ Beta(2, 2). In front of the
 * first layer that is mixup of the images.
 */
import * as check from '../check';
import type { MixPlan } from '../mix/plan';
import type { CheckedMixerOptions } from '../mix/options';
import type { Model } from '../models/model';
import { INPUT_STAGE } from '../models/net';
import { Purpose, Stream } from '../rng';
import type { HiddenMix } from './hidden-mix';

/**
 * The options of the mixer that draws the pairs and λ, with those that were given.
 * @throws SaliencyMixError ARGUMENT for those that it cannot have
 */
export function manifoldMixer(given: CheckedMixerOptions): CheckedMixerOptions {
  const { method = 'mixup', per = 'batch', alpha = 2, labelRule = 'area' } = given;
  if (method !== 'mixup')
    throw check.invalid('mixer.method', 'mixup, or nothing, with manifoldMixup', method);
  if (per !== 'batch') throw check.invalid('mixer.per', 'batch, or nothing, with manifoldMixup', per);
  // The same λ for images and labels.
  if (labelRule !== 'area')
    throw check.invalid('mixer.labelRule', 'area, or nothing, with manifoldMixup', labelRule);
  return { ...given, method, per, alpha };
}

/**
 * The stages of a model after one of which images are mixed.
 * @throws SaliencyMixError ARGUMENT for one that it has not
 */
export function mixedStages(asked: readonly string[] | true, { name, stages }: Model): readonly string[] {
  if (asked !== true) return asked.map((one) => check.name(one, stages, `manifoldMixup (of ${name})`));
  if (stages.length > 1) return stages.slice(0, 3);
  throw check.invalid('manifoldMixup', `names of stages: ${name} has none but "${INPUT_STAGE}"`, asked);
}

/** The stage after which a batch is mixed. */
export function drawStage(
  stages: readonly string[],
  seed: number,
  { epoch, batch }: { epoch: number; batch: number },
): string {
  return stages[new Stream(seed, Purpose.stage, { epoch, batch, sample: 0 }).below(stages.length)];
}

/**
 * Partners as a permutation. Where images are missing several may have the same one: it stays with the first, and the others get
 * those that nobody has, in order.
 */
function eachOnce(partners: readonly number[]): number[] {
  const isFirst = partners.map((partner, i) => partners.indexOf(partner) === i);
  const taken = new Set(partners);
  const left = partners.map((_, i) => i).filter((i) => !taken.has(i));
  return partners.map((partner, i) => (isFirst[i] ? partner : (left.shift() as number)));
}

/** The draws of a plan for a batch that is mixed within the network; undefined where it is not drawn to be mixed. */
export function hiddenMixOf({ samples }: MixPlan, stage: string): HiddenMix | undefined {
  const [{ kind, lambda }] = samples;
  if (kind === 'keep') return undefined;
  return { stage, partners: eachOnce(samples.map(({ source }) => source)), lambda };
}
