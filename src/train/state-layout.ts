/**
 * The native engine keeps convolution weights, and what an optimizer keeps for them, as h×w×C×O: kernel height and
 * width, input channels, output channels. Files and results have them as O×C×h×w, as PyTorch has.
 */
import type { TensorData } from '../onnx/ort-worker';

/** Calls back with a place in O×C×h×w and that of the same element in h×w×C×O. */
function forEachPlace(
  [out, channels, height, width]: readonly number[],
  visit: (first: number, last: number) => void,
): void {
  const pixels = height * width;
  const each = channels * pixels;
  for (let c = 0; c < channels; c++)
    for (let p = 0; p < pixels; p++)
      for (let o = 0; o < out; o++) visit(o * each + c * pixels + p, (p * channels + c) * out + o);
}

/** O×C×h×w as h×w×C×O. */
export function toLast({ data, shape }: TensorData): TensorData {
  const from = data as Float32Array;
  const moved = new Float32Array(from.length);
  forEachPlace(shape, (first, last) => (moved[last] = from[first]));
  const [out, channels, height, width] = shape;
  return { data: moved, shape: [height, width, channels, out] };
}

/** h×w×C×O as O×C×h×w. */
export function toFirst({ data, shape }: { data: Float32Array; shape: readonly number[] }) {
  const [height, width, channels, out] = shape;
  const moved = new Float32Array(data.length);
  const movedShape = [out, channels, height, width];
  forEachPlace(movedShape, (first, last) => (moved[first] = data[last]));
  return { data: moved, shape: movedShape };
}
