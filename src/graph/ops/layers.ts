/** Matrix products, convolutions, pooling, and batch normalisation with fixed statistics. */
import { shapeError, type Value } from '../graph';
import { single } from './append';
import { type Window, windowAttributes, windowed } from './window';

export interface GemmOptions {
  transA?: boolean;
  transB?: boolean;
}

/** a·b + c of matrices. `transA` and `transB` transpose a and b first; c is broadcast. */
export function gemm(
  a: Value,
  b: Value,
  c?: Value,
  { transA = false, transB = false }: GemmOptions = {},
): Value {
  const [rows, inner] = transA ? [a.shape[1], a.shape[0]] : a.shape;
  const [depth, cols] = transB ? [b.shape[1], b.shape[0]] : b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || inner !== depth)
    throw shapeError('Gemm', 'sides differ', a, b);
  const attributes = { transA: Number(transA), transB: Number(transB) };
  return single('Gemm', c ? [a, b, c] : [a, b], [rows, cols], attributes);
}

/** Products of matrices, one for each group: S×M×K and S×K×N → S×M×N. */
export function matMul(a: Value, b: Value): Value {
  const [groups, rows, inner] = a.shape;
  const fits = a.shape.length === 3 && b.shape.length === 3 && b.shape[0] === groups && b.shape[1] === inner;
  if (!fits) throw shapeError('MatMul', 'sides differ', a, b);
  return single('MatMul', [a, b], [groups, rows, b.shape[2]]);
}

/**
 * Convolution. x: N×C×H×W, w: O×C×h×w, bias: O → N×O×H'×W'. `dilation` is the distance between elements of the
 * kernel.
 */
export function conv(
  x: Value,
  w: Value,
  bias: Value | undefined,
  { stride, padding, dilation = 1 }: Omit<Window, 'kernel'> & { dilation?: number },
): Value {
  const [out, channels, height, width] = w.shape;
  if (channels !== x.shape[1]) throw shapeError('Conv', 'channels differ', x, w);
  const spread = (side: number) => (side - 1) * dilation + 1;
  const [rows, cols] = windowed('Conv', x, { kernel: [spread(height), spread(width)], stride, padding });
  const attributes = {
    ...windowAttributes({ kernel: [height, width], stride, padding }),
    dilations: [dilation, dilation],
  };
  return single('Conv', bias ? [x, w, bias] : [x, w], [x.shape[0], out, rows, cols], attributes);
}

/** Transposed convolution, the gradient of `conv` by its x. y: N×O×H'×W', w: O×C×h×w → N×C×height×width. */
export function convTranspose(
  y: Value,
  w: Value,
  { stride, padding }: Omit<Window, 'kernel'>,
  [height, width]: readonly [number, number],
): Value {
  const kernel = [w.shape[2], w.shape[3]] as const;
  const missing = (to: number, from: number, k: number) => to - ((from - 1) * stride + k - 2 * padding);
  const attributes = {
    ...windowAttributes({ kernel, stride, padding }),
    output_padding: [missing(height, y.shape[2], kernel[0]), missing(width, y.shape[3], kernel[1])],
  };
  return single('ConvTranspose', [y, w], [y.shape[0], w.shape[1], height, width], attributes);
}

/** The largest value of each window, and its index in all of x, row-major; of equal values the first. */
export function maxPool(x: Value, window: Window): { y: Value; indices: Value } {
  const { kernel, padding } = window;
  if (padding >= Math.min(...kernel))
    throw shapeError('MaxPool', 'the padding must be less than the kernel', x);
  const [rows, cols] = windowed('MaxPool', x, window);
  const shape = [x.shape[0], x.shape[1], rows, cols];
  const outputs = [{ shape }, { shape, dtype: 'int64' as const }];
  const [y, indices] = x.graph.node('MaxPool', [x], windowAttributes(window), outputs);
  return { y, indices };
}

/**
 * The vector `into`, with each of `values` added at the index in `places`. An index may occur several times.
 */
export const scatterAdd = (into: Value, places: Value, values: Value) =>
  single('ScatterElements', [into, places, values], into.shape, { axis: 0, reduction: 'add' });

/**
 * Batch normalisation in evaluation mode, with given statistics: (x − mean)/√(variance + ε)·scale + bias per
 * channel. batchNormTraining in composites.ts takes the statistics of the batch.
 */
export const batchNormInference = (
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  epsilon: number,
) => single('BatchNormalization', [x, scale, bias, mean, variance], x.shape, { epsilon: { float: epsilon } });
