/** RandAugment (Cubuk et al., "RandAugment: practical automated data augmentation", 2019), as torchvision has it. */
import * as check from '../../check';
import { custom, type OptionsOf, type Parsed, parse, whole } from '../../option';
import { colors } from '../fill';
import { imageOperationNames } from '../table';
import { torchvisionMagnitude, usualLimits } from './magnitudes';
import { type Policy, type Size, withSign } from './policy';

const table = {
  /** Operations on each image, one after the other. Default 2. */
  operations: whole(1, { max: 64, default: 2 }),
  /** The level of all of them, below `bins`. Default 9. */
  magnitude: whole(0, { max: 9999, default: 9 }),
  /** How many levels there are. Default 31. */
  bins: whole(2, { max: 10000, default: 31 }),
};

export type RandAugmentOptions = OptionsOf<typeof table>;
export type RandAugment = Parsed<typeof table>;

/** "2,9" or "2,9,31" */
function fromText(text: string, argument: string): Record<string, number> {
  if (!/^\s*\d+(\s*,\s*\d+){0,2}\s*$/.test(text))
    throw check.invalid(argument, 'operations, magnitude and bins, such as 2,9 or 2,9,31', text);
  const numbers = text.split(',').map(Number);
  return Object.fromEntries(
    Object.keys(table).flatMap((name, i) => (i < numbers.length ? [[name, numbers[i]]] : [])),
  );
}

function parseRandAugment(value: unknown, argument: string): RandAugment {
  const parsed = parse(
    table,
    typeof value === 'string' ? fromText(value, argument) : value,
    argument,
    `${argument}.`,
  );
  if (parsed.magnitude >= parsed.bins)
    throw check.invalid(`${argument}.magnitude`, `a level below bins (${parsed.bins})`, parsed.magnitude);
  return parsed;
}

export const randaugmentOption = custom<RandAugment, RandAugmentOptions>(parseRandAugment, {
  kind: 'text',
  values: 'operations, magnitude, bins: `2,9,31`',
  about:
    'RandAugment, before crop and flip: so many random operations on each image, all of one of so many levels',
});

/** All operations but Invert. */
export const drawnOperations = imageOperationNames.filter((name) => name !== 'Invert');

export function randaugment({ operations, magnitude: level, bins }: RandAugment, size: Size): Policy {
  const limits = usualLimits(size);
  return {
    fill: colors.black,
    draw: (stream) =>
      Array.from({ length: operations }, () => {
        const operation = drawnOperations[stream.below(drawnOperations.length)];
        const magnitude = withSign(torchvisionMagnitude(operation, limits, bins, level), stream);
        return { operation, magnitude };
      }),
  };
}
