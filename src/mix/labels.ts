/**
 * Soft labels: y = lambda · y_target + (1 − lambda) · y_source (paper, 3.2), with another weight in lambda's place where labels
 * follow another rule.
 */
import { types } from 'node:util';
import type { NativeSamples } from '../native/binding';
import type { Labels } from '../types';
import { shareOf } from './records';

/** Placed samples, and the weights of their targets' labels where these are not lambda. */
export interface Weighed {
  readonly records: NativeSamples;
  readonly weights?: Float64Array;
}

function weighed({ records, weights }: Weighed, row: number) {
  const { target, source, lambda } = shareOf(records, row);
  return { target, source, lambda: weights?.[row] ?? lambda };
}

function mixNumbers(samples: Weighed, labels: Int32Array, classes: number, mixed: Float32Array): void {
  for (let row = 0; row < samples.records.samples; row++) {
    const { target, source, lambda } = weighed(samples, row);
    mixed[row * classes + labels[target]] += lambda;
    if (lambda < 1) mixed[row * classes + labels[source]] += 1 - lambda;
  }
}

function mixRows(samples: Weighed, labels: Float32Array, classes: number, mixed: Float32Array): void {
  const add = (row: number, weight: number, image: number) => {
    for (let k = 0; k < classes; k++) mixed[row * classes + k] += weight * labels[image * classes + k];
  };
  for (let row = 0; row < samples.records.samples; row++) {
    const { target, source, lambda } = weighed(samples, row);
    add(row, lambda, target);
    if (lambda < 1) add(row, 1 - lambda, source);
  }
}

/** n × classes zeros. Async so that a failed allocation rejects the promise, as a failed native call does. */
export async function newLabels(count: number, classes: number): Promise<Float32Array> {
  return new Float32Array(count * classes);
}

/**
 * Adds the soft labels of all samples to `mixed`, n × classes zeros. `labels` are class numbers or rows of
 * length `classes`, checked before.
 */
export function mixLabels(samples: Weighed, labels: Labels, classes: number, mixed: Float32Array): void {
  if (types.isInt32Array(labels)) mixNumbers(samples, labels, classes, mixed);
  else mixRows(samples, labels, classes, mixed);
}
