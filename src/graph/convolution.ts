/**
 * The gradients of a convolution, in the forms that are fastest on the CPU provider, or on a graphics card.
 *
 * With respect to its input: for stride 1 a convolution with the kernel turned by 180°, else the transposed
 * convolution.
 *
 * With respect to its weights: ONNX has no operator for it, and which way is fastest depends on the shapes
 * (measured with one thread). For small kernels: one slice of the padded input and one matrix product per
 * element of the kernel, with channels first for large results and channels last for small ones. For large
 * kernels: a convolution with batch and channels exchanged.
 *
 * By WebGPU these products would each be a sum of N·H'·W' numbers per element, and have few elements. There the images are
 * divided into groups, which have products of their own, and these are added up (ResNet-18 with 128 images on an H200: 606 →
 * 99 ms a step). By CUDA the windows are written as a matrix by a kernel of our own, and there is one product, of which there is
 * enough to do for the whole card: a slice and a product for each element took 9 of 19 ms of that step there, slices as much of it
 * as products.
 */
import type { Value } from './graph';
import { unfold } from './native-ops';
import {
  concat,
  conv,
  convTranspose,
  flip,
  gemm,
  matMul,
  pad,
  reduceSum,
  reshape,
  slice,
  transpose,
  type Window,
} from './ops';

/** With more elements in the kernel than this, one convolution is faster than a slice and a product per element. */
const LARGE_KERNEL = 25;
/** With fewer pixels in the convolution's result than this, channels last is faster than channels first. */
const SMALL_MAP = 16 * 16;
/** By CUDA: numbers of either factor, at most (512 MiB), unless those of one image are more. */
const MOST_UNFOLDED = 2 ** 27;
/** By WebGPU: groups of images, at most, and pixels of a group, at least. */
const MOST_GROUPS = 32;
const GROUP_PIXELS = 512;

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
  const { target } = x.graph;
  const pixels = dy.shape[2] * dy.shape[3];
  if (target === 'cuda') return byWindows(x, dy, window);
  if (height * width > LARGE_KERNEL) return byExchange(x, dy, window);
  if (target === 'webgpu') return byGroups(x, dy, window);
  return byProducts(x, dy, window, pixels < SMALL_MAP ? 'last' : 'first');
}

/** What each element of the kernel, row by row, is multiplied with: that part of the padded images. */
function partsOf(
  padded: Value,
  [row, col]: readonly [number, number],
  [rows, cols]: readonly number[],
  { kernel, stride }: Window,
): Value[] {
  const range = (axis: number, start: number, count: number) => ({
    axis,
    start,
    end: Math.min(start + (count - 1) * stride + 1, padded.shape[axis]),
    step: stride,
  });
  return Array.from({ length: kernel[0] * kernel[1] }, (_, place) => {
    const [i, j] = [Math.floor(place / kernel[1]), place % kernel[1]];
    return slice(padded, [range(row, i, rows), range(col, j, cols)]);
  });
}

/** Slices and products: dW[:, :, i, j] = Σ over images and pixels of dy·(x shifted by (i, j)). */
function byProducts(x: Value, dy: Value, window: Window, channels: 'first' | 'last'): Value {
  const { kernel, padding } = window;
  const [n] = x.shape;
  const [, out, rows, cols] = dy.shape;
  const pixels = n * rows * cols;
  const last = channels === 'last';
  const [row, col] = last ? ([1, 2] as const) : ([2, 3] as const);
  const moved = transpose(x, last ? [0, 2, 3, 1] : [1, 0, 2, 3]);
  const margins = [0, 0, 0, 0];
  margins[row] = margins[col] = padding;
  const padded = pad(moved, margins, margins);
  const slopes = transpose(dy, last ? [0, 2, 3, 1] : [1, 0, 2, 3]);
  const matrix = reshape(slopes, last ? [pixels, out] : [out, pixels]);
  const places = partsOf(padded, [row, col], [rows, cols], window).map((part) => {
    const flat = reshape(part, last ? [pixels, x.shape[1]] : [x.shape[1], pixels]);
    const product = last
      ? gemm(matrix, flat, undefined, { transA: true })
      : gemm(matrix, flat, undefined, { transB: true });
    return reshape(product, [out, x.shape[1], 1]);
  });
  return reshape(concat(places, 2), [out, x.shape[1], ...kernel]);
}

/** In how many groups of equal size, a power of two, images are divided. */
function groupsOf(images: number, pixels: number): number {
  let groups = 1;
  while (
    groups < MOST_GROUPS &&
    images % (2 * groups) === 0 &&
    (images / (2 * groups)) * pixels >= GROUP_PIXELS
  )
    groups *= 2;
  return groups;
}

/**
 * The same slices, but a product for each group of images. Both factors are moved once: the slopes to groups × O × pixels,
 * the images to channels last, whose slices are then matrices as they are.
 */
function byGroups(x: Value, dy: Value, window: Window): Value {
  const { kernel, padding } = window;
  const [n, channels] = x.shape;
  const [, out, rows, cols] = dy.shape;
  const groups = groupsOf(n, rows * cols);
  const each = (n / groups) * rows * cols;
  const split = transpose(reshape(dy, [groups, n / groups, out, rows * cols]), [0, 2, 1, 3]);
  const slopes = reshape(split, [groups, out, each]);
  const margins = [0, padding, padding, 0];
  const padded = pad(transpose(x, [0, 2, 3, 1]), margins, margins);
  const places = partsOf(padded, [1, 2], [rows, cols], window).map((part) => {
    const product = matMul(slopes, reshape(part, [groups, each, channels]));
    return reshape(reduceSum(product, [0], false), [out, channels, 1]);
  });
  return reshape(concat(places, 2), [out, channels, ...kernel]);
}

/** dW = dy·windowsᵀ, with the sum over as many images at a time as there is room for. */
function byWindows(x: Value, dy: Value, window: Window): Value {
  const [n, channels] = x.shape;
  const [, out, rows, cols] = dy.shape;
  const ofImage = Math.max(channels * window.kernel[0] * window.kernel[1], out) * rows * cols;
  const each = Math.min(n, Math.max(1, Math.floor(MOST_UNFOLDED / ofImage)));
  const alone: Window = { kernel: [1, 1], stride: 1, padding: 0 };
  let sum: Value | undefined;
  for (let first = 0; first < n; first += each) {
    const images = [first, Math.min(each, n - first)] as const;
    sum = gemm(unfold(dy, alone, images), unfold(x, window, images), sum, { transB: true });
  }
  return reshape(sum as Value, [out, channels, ...window.kernel]);
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
