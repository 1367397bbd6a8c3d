/**
 * The native engine keeps convolution weights, and what an optimizer keeps for them, as h×w×C×O: kernel height and
 * width, input channels, output channels. Files and results have them as O×C×h×w, as PyTorch has.
 */
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

/** The shape h×w×C×O of what is O×C×h×w in files. */
export const shapeLast = ([out, channels, height, width]: readonly number[]) => [
  height,
  width,
  channels,
  out,
];

/** Writes O×C×h×w as h×w×C×O `into` other memory. */
export function toLast(data: Float32Array, shape: readonly number[], into: Float32Array): void {
  forEachPlace(shape, (first, last) => (into[last] = data[first]));
}

/** h×w×C×O as O×C×h×w. */
export function toFirst({ data, shape }: { data: Float32Array; shape: readonly number[] }) {
  const [height, width, channels, out] = shape;
  const moved = new Float32Array(data.length);
  const movedShape = [out, channels, height, width];
  forEachPlace(movedShape, (first, last) => (moved[first] = data[last]));
  return { data: moved, shape: movedShape };
}
