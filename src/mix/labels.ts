/** Soft labels: y = lambda · y_target + (1 − lambda) · y_source (paper, 3.2). */
import { types } from 'node:util';
import type { Labels } from '../types';
import type { MixSample } from './plan';

/** n × classes, row by row. `labels` are class numbers or rows of length `classes`; checked before. */
export function mixLabels(samples: readonly MixSample[], labels: Labels, classes: number): Float32Array {
  const mixed = new Float32Array(samples.length * classes);
  const add = (row: number, weight: number, image: number) => {
    if (types.isInt32Array(labels)) {
      mixed[row * classes + labels[image]] += weight;
      return;
    }
    for (let k = 0; k < classes; k++) mixed[row * classes + k] += weight * labels[image * classes + k];
  };
  samples.forEach(({ target, source, lambda }, row) => {
    add(row, lambda, target);
    if (lambda < 1) add(row, 1 - lambda, source);
  });
  return mixed;
}
