/** The policies: their options, which of them is chosen, and what it draws for the images of a batch. */
import { SaliencyMixError } from '../../errors';
import type { OperationSteps } from '../../native/operations';
import { Purpose, Stream } from '../../rng';
import { type DrawnOperation, operationSteps } from '../plan';
import { type AutoAugment, autoaugment, autoaugmentOption } from './autoaugment';
import type { Policy, Size } from './policy';
import { type RandAugment, randaugment, randaugmentOption } from './randaugment';
import { trivialaugment, trivialaugmentOption } from './trivialaugment';

/** A new policy: its file, its option here, and its line in `policyOf` and `policies`. */
export const policyOptions = {
  autoaugment: autoaugmentOption,
  randaugment: randaugmentOption,
  trivialaugment: trivialaugmentOption,
};

/** At most one of the policies, with its options; plain data. */
export interface ChosenPolicy {
  readonly autoaugment?: AutoAugment;
  readonly randaugment?: RandAugment;
  readonly trivialaugment?: boolean;
}

export const policies: readonly { name: keyof ChosenPolicy; summary: string; reference: string }[] = [
  {
    name: 'autoaugment',
    summary:
      'one of 25 (or 95) pairs of operations that were found by a search, each operation with its chance',
    reference: 'Cubuk et al., CVPR 2019',
  },
  {
    name: 'randaugment',
    summary: 'so many random operations of one level',
    reference: 'Cubuk et al., arXiv 1909.13719',
  },
  {
    name: 'trivialaugment',
    summary: 'one random operation of a random level',
    reference: 'Müller and Hutter, ICCV 2021',
  },
];

/**
 * The policy among parsed options.
 * @throws SaliencyMixError ARGUMENT where there is more than one
 */
export function chosenPolicy(options: ChosenPolicy): ChosenPolicy {
  const names = policies.map(({ name }) => name).filter((name) => options[name]);
  if (names.length > 1) {
    throw new SaliencyMixError(
      'ARGUMENT',
      `Expected at most one policy but received ${names.join(' and ')}`,
      {
        argument: names[1],
        expected: 'at most one policy',
        received: names.join(' and '),
      },
    );
  }
  return Object.fromEntries(names.map((name) => [name, options[name]]));
}

/** The chosen policy for images of a size; undefined where none is. */
export function policyOf(chosen: ChosenPolicy, size: Size): Policy | undefined {
  if (chosen.autoaugment) return autoaugment(chosen.autoaugment, size);
  if (chosen.randaugment) return randaugment(chosen.randaugment, size);
  return chosen.trivialaugment ? trivialaugment() : undefined;
}

/** What a policy draws for a batch. */
export interface DrawnOperations {
  operations: OperationSteps;
  /** What is done after crop and flip, if anything. */
  last?: OperationSteps;
}

/** Draws for the `count` slots of a batch; each slot has numbers of its own. */
export function drawOperations(
  policy: Policy,
  seed: number,
  { epoch, batch }: { epoch: number; batch: number },
  count: number,
): DrawnOperations {
  const stream = new Stream(seed, Purpose.operations, { epoch, batch, sample: 0 });
  const first: DrawnOperation[][] = [];
  const last: DrawnOperation[][] = [];
  for (let sample = 0; sample < count; sample++) {
    first.push(policy.draw(stream.moveTo(Purpose.operations, sample)));
    if (policy.drawLast) last.push(policy.drawLast(stream));
  }
  return {
    operations: operationSteps(first, policy.fill),
    ...(policy.drawLast && { last: operationSteps(last, policy.fill) }),
  };
}
