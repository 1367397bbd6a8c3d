/**
 * Images that are mixed within the network: what a stage gives for them is mixed with that for others, and so are their labels
 * (Verma et al., "Manifold mixup: better representations by interpolating hidden states", ICML 2019).
 */
import { types } from 'node:util';
import * as check from '../check';
import { HIDDEN } from '../models/net';
import type { Model } from '../models/model';
import type { Tensors } from '../onnx/ort-worker';
import { custom, parse, real, required, text } from '../option';

export interface HiddenMix {
  /** Name of the model's stage after which images are mixed; `input`: the images themselves. */
  stage: string;
  /** For each image the position of the one that it is mixed with: a permutation of 0 … n − 1. */
  partners: ArrayLike<number>;
  /** The share of each image itself, 0 to 1, the same for all. */
  lambda: number;
}

const hiddenOptions = {
  stage: required(text('name of a stage')),
  partners: required(
    custom((value, argument) => {
      if (Array.isArray(value) || types.isTypedArray(value)) return Array.from(value as ArrayLike<number>);
      throw check.invalid(argument, 'an array of positions', value);
    }),
  ),
  lambda: required(real('0 … 1', [0, 1])),
};

export const hiddenOption = custom<HiddenMix, HiddenMix>((value, argument) =>
  parse(hiddenOptions, value, argument, `${argument}.`),
);

/** @throws SaliencyMixError ARGUMENT for a stage that the model has not; for partners that are no permutation of n */
export function checkHidden({ stage, partners }: HiddenMix, { name, stages }: Model, count: number): void {
  check.name(stage, stages, `hidden.stage (of ${name})`);
  const found = new Set(Array.from(partners));
  const isPosition = (one: number) => Number.isInteger(one) && one >= 0 && one < count;
  if (partners.length === count && found.size === count && [...found].every(isPosition)) return;
  throw check.invalid('hidden.partners', `the positions 0 … ${count - 1}, each once`, partners);
}

/** Soft labels mixed as the images are: n × classes. */
export function mixedLabels(
  labels: Float32Array,
  hidden: HiddenMix | undefined,
  classes: number,
): Float32Array {
  if (hidden === undefined) return labels;
  const { partners, lambda } = hidden;
  return labels.map((own, at) => {
    const row = Math.floor(at / classes);
    return lambda * own + (1 - lambda) * labels[at + (partners[row] - row) * classes];
  });
}

/** What a graph that mixes takes as inputs. */
export function hiddenInputs({ partners, lambda }: HiddenMix): Tensors {
  const count = partners.length;
  const of = new BigInt64Array(count);
  const inverse = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    of[i] = BigInt(partners[i]);
    inverse[partners[i]] = BigInt(i);
  }
  return {
    [HIDDEN.partners]: { data: of, shape: [count] },
    [HIDDEN.inverse]: { data: inverse, shape: [count] },
    [HIDDEN.lambda]: { data: Float32Array.of(lambda), shape: [] },
  };
}
