/**
 * The gradients of a convolution, in the forms that are fastest on the CPU provider.
 *
 * With respect to its input: for stride 1 a convolution with the kernel turned by 180°, else the transposed
 * convolution.
 *
 * With respect to its weights: ONNX has no operator for it, and which way is fastest depends on the shapes
 * (measured with one thread). For small kernels: one slice of the padded input and one matrix product per
 * element of the kernel, with channels first for large results and channels last for small ones. For large
 * kernels: a convolution with batch and channels exchanged.
 */
import type { Value } from './graph';
import { concat, conv, convTranspose, flip, gemm, pad, reshape, slice, transpose, type Window } from './ops';

/** With more elements in the kernel than this, one convolution is faster than a slice and a product per element. */
const LARGE_KERNEL = 25;
/** With fewer pixels in the convolution's result than this, channels last is faster than channels first. */
const SMALL_MAP = 16 * 16;

/** The gradient of the input. dy: N×O×H'×W', w: O×C×h×w → N×C×height×width. */
export function convInputGradient(
  dy: Value,
  w: Value,
  { kernel, stride, padding }: Window,
  size: readonly [height: number, width: number],
): Value {
  const around = kernel[0] - 1 - padding;
  if (stride !== 1 || kernel[0] !== kernel[1] || around < 0)
    return convTranspose(dy, w, { stride, padding }, size);
  const turned = kernel[0] === 1 ? w : flip(w, [2, 3]);
  return conv(dy, transpose(turned, [1, 0, 2, 3]), undefined, { stride: 1, padding: around });
}

/** The gradient of the weights. x: N×C×H×W, dy: N×O×H'×W' → O×C×h×w. */
export function convWeightGradient(x: Value, dy: Value, window: Window): Value {
  const [height, width] = window.kernel;
  if (height * width > LARGE_KERNEL) return byExchange(x, dy, window);
  return byProducts(x, dy, window, dy.shape[2] * dy.shape[3] < SMALL_MAP ? 'last' : 'first');
}

/** Slices and products: dW[:, :, i, j] = Σ over images and pixels of dy·(x shifted by (i, j)). */
function byProducts(
  x: Value,
  dy: Value,
  { kernel, stride, padding }: Window,
  channels: 'first' | 'last',
): Value {
  const [n, , height, width] = x.shape;
  const [, out, rows, cols] = dy.shape;
  const pixels = n * rows * cols;
  const last = channels === 'last';
  const [row, col] = last ? [1, 2] : [2, 3];
  const moved = transpose(x, last ? [0, 2, 3, 1] : [1, 0, 2, 3]);
  const margins = [0, 0, 0, 0];
  margins[row] = margins[col] = padding;
  const padded = pad(moved, margins, margins);
  const slopes = transpose(dy, last ? [0, 2, 3, 1] : [1, 0, 2, 3]);
  const matrix = reshape(slopes, last ? [pixels, out] : [out, pixels]);
  const places: Value[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const end = (start: number, count: number, side: number) =>
        Math.min(start + (count - 1) * stride + 1, side + 2 * padding);
      const part = slice(padded, [
        { axis: row, start: i, end: end(i, rows, height), step: stride },
        { axis: col, start: j, end: end(j, cols, width), step: stride },
      ]);
      const flat = reshape(part, last ? [pixels, x.shape[1]] : [x.shape[1], pixels]);
      const product = last
        ? gemm(matrix, flat, undefined, { transA: true })
        : gemm(matrix, flat, undefined, { transB: true });
      places.push(reshape(product, [out, x.shape[1], 1]));
    }
  }
  return reshape(concat(places, 2), [out, x.shape[1], ...kernel]);
}

/**
 * dW as a convolution of x with dy, with batch and channels exchanged in both; the stride becomes a dilation.
 * The result may have rows and columns beyond the kernel's size: they are cut off.
 */
function byExchange(x: Value, dy: Value, { kernel, stride, padding }: Window): Value {
  const exchanged = conv(transpose(x, [1, 0, 2, 3]), transpose(dy, [1, 0, 2, 3]), undefined, {
    stride: 1,
    padding,
    dilation: stride,
  });
  const cut = slice(exchanged, [
    { axis: 2, start: 0, end: kernel[0] },
    { axis: 3, start: 0, end: kernel[1] },
  ]);
  return transpose(cut, [1, 0, 2, 3]);
}
