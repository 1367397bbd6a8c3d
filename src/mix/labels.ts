/** Soft labels: y = lambda · y_target + (1 − lambda) · y_source (paper, 3.2). */
import { types } from 'node:util';
import type { NativeSamples } from '../native/binding';
import type { Labels } from '../types';
import { shareOf } from './records';

function mixNumbers(records: NativeSamples, labels: Int32Array, classes: number, mixed: Float32Array): void {
  for (let row = 0; row < records.samples; row++) {
    const { target, source, lambda } = shareOf(records, row);
    mixed[row * classes + labels[target]] += lambda;
    if (lambda < 1) mixed[row * classes + labels[source]] += 1 - lambda;
  }
}

function mixRows(records: NativeSamples, labels: Float32Array, classes: number, mixed: Float32Array): void {
  const add = (row: number, weight: number, image: number) => {
    for (let k = 0; k < classes; k++) mixed[row * classes + k] += weight * labels[image * classes + k];
  };
  for (let row = 0; row < records.samples; row++) {
    const { target, source, lambda } = shareOf(records, row);
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
export function mixLabels(
  records: NativeSamples,
  labels: Labels,
  classes: number,
  mixed: Float32Array,
): void {
  if (types.isInt32Array(labels)) mixNumbers(records, labels, classes, mixed);
  else mixRows(records, labels, classes, mixed);
}
