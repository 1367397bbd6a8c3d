/**
 * One constructor per ONNX operator (opset 20): checks shapes, tells the result's, appends the node. A new operator is
 * one entry here and one in gradients.ts. Images are NCHW, as ONNX has them.
 */
import { type Attribute, type Dtype, sameShape, type Shape, shapeError, sizeOf, type Value } from './graph';

/** The shape that two shapes broadcast to, as NumPy does: aligned at the end, sides of 1 stretch. */
function broadcast(op: string, a: { shape: Shape }, b: { shape: Shape }): Shape {
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a.shape[axis - rank + a.shape.length] ?? 1;
    const right = b.shape[axis - rank + b.shape.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) throw shapeError(op, 'they do not broadcast', a, b);
    return left === 1 ? right : left;
  });
}

function single(
  op: string,
  inputs: readonly (Value | undefined)[],
  shape: Shape,
  attributes: Record<string, Attribute> = {},
  dtype: Dtype = 'float32',
): Value {
  const { graph } = inputs[0] as Value;
  return graph.node(op, inputs, attributes, [{ shape, dtype }])[0];
}

const integers = (like: Value, data: readonly number[]) => like.graph.constant(data, [data.length], 'int64');

// Elementwise, of two values that broadcast.
const binary = (op: string) => (a: Value, b: Value) => single(op, [a, b], broadcast(op, a, b));
export const add = binary('Add');
export const sub = binary('Sub');
export const mul = binary('Mul');
export const div = binary('Div');
/** a > b, as bool. */
export const greater = (a: Value, b: Value) =>
  single('Greater', [a, b], broadcast('Greater', a, b), {}, 'bool');

/** `yes` where the condition holds, else `no`; all three broadcast. */
export function where(condition: Value, yes: Value, no: Value): Value {
  const both = { shape: broadcast('Where', yes, no) };
  return single('Where', [condition, yes, no], broadcast('Where', condition, both));
}

// Elementwise, of one value.
const unary = (op: string) => (x: Value) => single(op, [x], x.shape);
export const neg = unary('Neg');
export const exp = unary('Exp');
export const log = unary('Log');
export const sqrt = unary('Sqrt');
export const relu = unary('Relu');
export const identity = unary('Identity');

/** bool to float32: 0 or 1. */
export const toFloat = (x: Value) => single('Cast', [x], x.shape, { to: 1 });

// Reductions over some axes; reduced axes stay, with length 1, unless `keep` is false.
const reduction =
  (op: string) =>
  (x: Value, axes: readonly number[], keep = true): Value => {
    const kept = x.shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
    const shape = keep ? kept : kept.filter((_, axis) => !axes.includes(axis));
    return single(op, [x, integers(x, axes)], shape, { keepdims: keep ? 1 : 0 });
  };
export const reduceSum = reduction('ReduceSum');
export const reduceMean = reduction('ReduceMean');
export const reduceMax = reduction('ReduceMax');

/** Same elements in the same order. A leading side that stays is written as "as it is", so that it may vary. */
export function reshape(x: Value, shape: Shape): Value {
  if (sizeOf(shape) !== sizeOf(x.shape))
    throw shapeError('Reshape', `not as many as [${shape.join(', ')}]`, x);
  if (sameShape(shape, x.shape)) return x;
  const written = shape.map((side, axis) => (axis === 0 && side === x.shape[0] ? 0 : side));
  return single('Reshape', [x, integers(x, written)], shape);
}

/** Axis i of the result is axis perm[i] of x. */
export function transpose(x: Value, perm: readonly number[]): Value {
  if (perm.length !== x.shape.length) throw shapeError('Transpose', `perm has ${perm.length} axes`, x);
  return single(
    'Transpose',
    [x],
    perm.map((axis) => x.shape[axis]),
    { perm },
  );
}

export function expand(x: Value, shape: Shape): Value {
  const target = broadcast('Expand', x, { shape });
  if (!sameShape(target, shape)) throw shapeError('Expand', `not to [${shape.join(', ')}]`, x);
  return sameShape(x.shape, shape) ? x : single('Expand', [x, integers(x, shape)], shape);
}

export interface Range {
  axis: number;
  start: number;
  /** One past the last. */
  end: number;
  step?: number;
}

/** Elements start, start + step, … below end along each given axis. */
export function slice(x: Value, ranges: readonly Range[]): Value {
  const shape = [...x.shape];
  for (const { axis, start, end, step = 1 } of ranges) {
    if (start < 0 || end > x.shape[axis] || start >= end) {
      throw shapeError('Slice', `${start} … ${end} is not within axis ${axis}`, x);
    }
    shape[axis] = Math.ceil((end - start) / step);
  }
  const column = (of: (range: Range) => number) => integers(x, ranges.map(of));
  const inputs = [
    x,
    column((range) => range.start),
    column((range) => range.end),
    column((range) => range.axis),
    column((range) => range.step ?? 1),
  ];
  return single('Slice', inputs, shape);
}

/** Reversed along some axes. */
export function flip(x: Value, axes: readonly number[]): Value {
  const ends = axes.map((axis) => -x.shape[axis] - 1);
  const back = axes.map(() => -1);
  return single('Slice', [x, ...[back, ends, axes, back].map((column) => integers(x, column))], x.shape);
}

/** Zeros around: `before[axis]` in front, `after[axis]` behind. */
export function pad(x: Value, before: readonly number[], after: readonly number[]): Value {
  const shape = x.shape.map((side, axis) => before[axis] + side + after[axis]);
  if (sameShape(shape, x.shape)) return x;
  return single('Pad', [x, integers(x, [...before, ...after])], shape);
}

export function concat(parts: readonly Value[], axis: number): Value {
  const total = parts.reduce((sum, { shape }) => sum + shape[axis], 0);
  const shape = parts[0].shape.map((side, i) => (i === axis ? total : side));
  for (const part of parts) {
    const fits =
      part.shape.length === shape.length && part.shape.every((side, i) => i === axis || side === shape[i]);
    if (!fits) throw shapeError('Concat', `they differ outside axis ${axis}`, parts[0], part);
  }
  return parts.length === 1 ? parts[0] : single('Concat', parts, shape, { axis });
}

export interface GemmOptions {
  transA?: boolean;
  transB?: boolean;
}

/** a·b + c of matrices; either may be taken transposed, and c broadcasts. */
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

export interface Window {
  kernel: readonly [height: number, width: number];
  /** Both directions. */
  stride: number;
  /** Zeros (for pooling: nothing) on every side. */
  padding: number;
}

/** Side of what a window makes of a side. */
const windows = (side: number, kernel: number, { stride, padding }: Window) =>
  Math.floor((side + 2 * padding - kernel) / stride) + 1;

const windowAttributes = ({ kernel, stride, padding }: Window) => ({
  kernel_shape: kernel,
  strides: [stride, stride],
  pads: [padding, padding, padding, padding],
});

/** The window of a node's attributes. */
export function windowOf(attributes: Readonly<Record<string, Attribute>>): Window {
  const [kernel, strides, pads] = ['kernel_shape', 'strides', 'pads'].map(
    (name) => attributes[name] as number[],
  );
  return { kernel: [kernel[0], kernel[1]], stride: strides[0], padding: pads[0] };
}

function windowed(op: string, x: Value, window: Window): [number, number] {
  const [height, width] = x.shape.slice(2).map((side, i) => windows(side, window.kernel[i], window));
  if (x.shape.length !== 4 || height < 1 || width < 1) {
    throw shapeError(op, `a window of ${window.kernel.join(' × ')} does not fit; give larger images`, x);
  }
  return [height, width];
}

/** x: N×C×H×W, w: O×C×h×w, bias: O → N×O×H'×W'. `dilation` spreads the kernel. */
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

/** The transpose of `conv` as a linear map of its x: N×O×H'×W' and w: O×C×h×w → N×C×height×width. */
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

/** Largest of each window, and where it is in the whole of x, row-major (first of ties). */
export function maxPool(x: Value, window: Window): { y: Value; indices: Value } {
  const [rows, cols] = windowed('MaxPool', x, window);
  const shape = [x.shape[0], x.shape[1], rows, cols];
  const outputs = [{ shape }, { shape, dtype: 'int64' as const }];
  const [y, indices] = x.graph.node('MaxPool', [x], windowAttributes(window), outputs);
  return { y, indices };
}

/** `into`, a vector, with each of `values` added at its place; places may repeat. */
export const scatterAdd = (into: Value, places: Value, values: Value) =>
  single('ScatterElements', [into, places, values], into.shape, { axis: 0, reduction: 'add' });

/** (x − mean)/√(variance + ε)·scale + bias per channel, with the statistics given (evaluation mode). */
export const batchNormalization = (
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  epsilon: number,
) => single('BatchNormalization', [x, scale, bias, mean, variance], x.shape, { epsilon: { float: epsilon } });
