/** Soft labels: y = lambda · y_target + (1 − lambda) · y_source (paper, 3.2). */
import { types } from 'node:util';
import type { NativeSamples } from '../native/binding';
import type { Labels } from '../types';
import { shareOf } from './records';

/** n × classes, row by row. `labels` are class numbers or rows of length `classes`; checked before. */
export function mixLabels(records: NativeSamples, labels: Labels, classes: number): Float32Array {
  const mixed = new Float32Array(records.samples * classes);
  const numbers = types.isInt32Array(labels);
  const add = (row: number, weight: number, image: number) => {
    if (numbers) {
      mixed[row * classes + labels[image]] += weight;
      return;
    }
    for (let k = 0; k < classes; k++) mixed[row * classes + k] += weight * labels[image * classes + k];
  };
  for (let row = 0; row < records.samples; row++) {
    const { target, source, lambda } = shareOf(records, row);
    add(row, lambda, target);
    if (lambda < 1) add(row, 1 - lambda, source);
  }
  return mixed;
}
