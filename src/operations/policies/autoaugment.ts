/** AutoAugment (Cubuk et al., "AutoAugment: learning augmentation strategies from data", CVPR 2019). */
import * as check from '../../check';
import { custom, named, type OptionsOf, type Parsed, parse, required } from '../../option';
import { colors } from '../fill';
import type { DrawnOperation } from '../plan';
import { type Magnitude, officialMagnitude, torchvisionMagnitude, usualLimits } from './magnitudes';
import { official } from './official';
import { type Policy, type Size, withSign } from './policy';
import type { SubPolicy, SubStep } from './sub-policies';
import { cifar10, imagenet, svhn } from './torchvision';

const published = { cifar10, imagenet, svhn };

const table = {
  /** The data that it was found on. */
  policy: required(named(['cifar10', 'imagenet', 'svhn'] as const)),
  /**
   * Whose sub-policies and magnitudes. torchvision (default): the paper's 25, gaps black. official: the 95 of
   * the authors' code, which is for CIFAR; gaps are of the mean colour, and Cutout comes last.
   */
  convention: named(['torchvision', 'official'], { default: 'torchvision' }),
};

export type AutoAugmentOptions = OptionsOf<typeof table>;
export type AutoAugment = Parsed<typeof table>;

function parseAutoAugment(value: unknown, argument: string): AutoAugment {
  const [policy, convention] = typeof value === 'string' ? value.split('/') : [];
  const parsed = parse(
    table,
    policy === undefined ? value : { policy, convention },
    argument,
    `${argument}.`,
  );
  if (parsed.convention === 'official' && parsed.policy !== 'cifar10')
    throw check.invalid(
      `${argument}.policy`,
      '"cifar10" with convention "official" (the authors published no other)',
      parsed.policy,
    );
  return parsed;
}

export const autoaugmentOption = custom<
  AutoAugment,
  AutoAugmentOptions | `${AutoAugment['policy']}${'' | '/official'}`
>(parseAutoAugment, {
  kind: 'text',
  values: '`cifar10`, `imagenet`, `svhn`, or `cifar10/official`',
  about:
    'AutoAugment’s policy, found on these data, before crop and flip: the paper’s 25 sub-policies with torchvision’s magnitudes, or the 95 of the authors’ code',
});

/** Draws one of the sub-policies, then for each of its two operations whether it is done, its sign and its place. */
function policyOf(
  choices: readonly SubPolicy[],
  magnitudeOf: (step: SubStep) => Magnitude,
  [height, width]: Size,
): Policy['draw'] {
  return (stream) => {
    const drawn: DrawnOperation[] = [];
    for (const step of choices[stream.below(choices.length)]) {
      const done = stream.uniform() < step.probability;
      const magnitude = withSign(magnitudeOf(step), stream);
      const at = [stream.below(height), stream.below(width)] as const;
      if (done)
        drawn.push({ operation: step.operation, magnitude, ...(step.operation === 'Cutout' && { at }) });
    }
    return drawn;
  };
}

/** The authors end with Cutout of 16 pixels on every image, after crop and flip. */
function cutout16([height, width]: Size): Policy['drawLast'] {
  return (stream) => [
    { operation: 'Cutout', magnitude: 16, at: [stream.below(height), stream.below(width)] },
  ];
}

export function autoaugment({ policy, convention }: AutoAugment, size: Size): Policy {
  if (convention === 'official') {
    const magnitudeOf = ({ operation, level }: SubStep) => officialMagnitude(operation, level);
    return { fill: colors.mean, draw: policyOf(official, magnitudeOf, size), drawLast: cutout16(size) };
  }
  const limits = usualLimits(size);
  const magnitudeOf = ({ operation, level }: SubStep) => torchvisionMagnitude(operation, limits, 10, level);
  return { fill: colors.black, draw: policyOf(published[policy], magnitudeOf, size) };
}
