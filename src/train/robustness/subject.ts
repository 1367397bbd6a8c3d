/** A classifier as measures of robustness see it: pixels become what it takes, and numbers that are none are refused. */
import { SaliencyMixError } from '../../errors';
import type { ImageBatch, Layout } from '../../types';
import type { Scoring } from '../scoring';
import type { Subject } from './measure';

/** Bytes n × height × width × 3 as numbers in a layout. */
export function pixelsOf({ data, shape }: ImageBatch, layout: Layout): Float32Array {
  if (layout === 'NHWC') return Float32Array.from(data);
  const [count, height, width] = shape;
  const area = height * width;
  const pixels = new Float32Array(data.length);
  for (let image = 0; image < count; image++)
    for (let channel = 0; channel < 3; channel++) {
      const [to, from] = [(image * 3 + channel) * area, image * area * 3 + channel];
      for (let i = 0; i < area; i++) pixels[to + i] = data[from + 3 * i];
    }
  return pixels;
}

/** (pixel − 255·mean) / (255·std), rounded as native code rounds it, so that clean images have the logits of `evaluate`. */
function normaliser({ mean, std, size: [height, width] }: Scoring, layout: Layout) {
  const offsets = Float32Array.from(mean, (value) => 255 * value);
  const scales = Float32Array.from(std, (value) => 1 / (255 * value));
  const run = layout === 'NHWC' ? 1 : height * width;
  return (pixels: Float32Array): Float32Array => {
    const values = new Float32Array(pixels.length);
    for (let start = 0, channel = 0; start < pixels.length; start += run, channel = (channel + 1) % 3) {
      const [offset, scale] = [offsets[channel], scales[channel]];
      for (let i = start; i < start + run; i++) values[i] = Math.fround(pixels[i] - offset) * scale;
    }
    return values;
  };
}

/** Rows with 1 at the class of each image. */
function oneHot(numbers: readonly number[], classes: number): Float32Array {
  const labels = new Float32Array(numbers.length * classes);
  for (const [i, number] of numbers.entries()) labels[i * classes + number] = 1;
  return labels;
}

/** @param onPass called after each run of the network over a batch */
export function subjectOf(scoring: Scoring, onPass: () => void): Subject {
  const { classifier, classes: names, size, model } = scoring;
  const classes = names.length;
  return {
    classes,
    size,
    layout: classifier.layout,
    normalised: normaliser(scoring, classifier.layout),
    async predict(values, count) {
      const logits = await scoring.predict(values, count);
      onPass();
      return logits;
    },
    async gradient(values, numbers) {
      const slope = await classifier.gradients?.(values, oneHot(numbers, classes), size);
      onPass();
      if (slope?.every(Number.isFinite)) return slope;
      const what = slope ? 'gives gradients that are not finite' : 'has no gradients here';
      throw new SaliencyMixError('MODEL', `${model} ${what}`, { file: model });
    },
  };
}
