/**
 * TrivialAugment (Müller and Hutter, "TrivialAugment: tuning-free yet state-of-the-art data augmentation", ICCV
 * 2021), the wide form: one random operation of a random level, without any parameter.
 */
import { flag } from '../../option';
import { colors } from '../fill';
import { torchvisionMagnitude, wideLimits } from './magnitudes';
import { type Policy, withSign } from './policy';
import { drawnOperations } from './randaugment';

const LEVELS = 31;

export const trivialaugmentOption = flag({
  default: false,
  about: 'TrivialAugment, before crop and flip: one random operation of a random level on each image',
});

export function trivialaugment(): Policy {
  return {
    fill: colors.black,
    draw: (stream) => {
      const operation = drawnOperations[stream.below(drawnOperations.length)];
      const level = stream.below(LEVELS);
      const magnitude = withSign(torchvisionMagnitude(operation, wideLimits, LEVELS, level), stream);
      return [{ operation, magnitude }];
    },
  };
}
