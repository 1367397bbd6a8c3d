/**
 * Operators of this package, which only the native engine knows (native/ort/operators). Images are N×H×W×C, weights
 * h×w×C×O: the kernel's height and width, the input channels of a group, the output channels. In graphs for CUDA, where
 * convolutions are ONNX's, images are N×C×H×W.
 */
import { type Attribute, type Shape, shapeError, type Value } from './graph';
import type { Window } from './ops';
import { windowed } from './ops/window';

/** Their domain in ONNX files. */
export const NATIVE_DOMAIN = 'saliencymix';

const native = (
  name: string,
  inputs: readonly (Value | undefined)[],
  attributes: Record<string, Attribute>,
  shapes: readonly Shape[],
): Value[] => {
  const { graph } = inputs[0] as Value;
  const outputs = shapes.map((shape) => ({ shape }));
  return graph.node(`${NATIVE_DOMAIN}:${name}`, inputs, attributes, outputs);
};

type Pair = readonly [vertical: number, horizontal: number];

/** How 3×3 convolutions with stride 1 are computed; others are always direct (native/train/convolution.h). */
export const convolutionForms = ['winograd', 'direct'] as const;
export type ConvolutionForm = (typeof convolutionForms)[number];

export interface NativeWindow {
  stride: Pair;
  /** Rows and columns of zeros around the image. */
  padding: readonly [top: number, left: number, bottom: number, right: number];
  /** The distance between elements of the kernel. */
  dilation: Pair;
  /** Divides both numbers of channels. */
  groups: number;
  form: ConvolutionForm;
}

const attributesOf = ({ stride, padding, dilation, groups, form }: NativeWindow) => ({
  strides: stride,
  pads: padding,
  dilations: dilation,
  group: groups,
  winograd: Number(form === 'winograd'),
});

/** Height and width of a convolution's result. */
function outSize(size: Pair, kernel: Pair, { stride, padding, dilation }: NativeWindow): Pair {
  const side = (axis: 0 | 1) => {
    const around = size[axis] + padding[axis] + padding[axis + 2];
    return Math.floor((around - (kernel[axis] - 1) * dilation[axis] - 1) / stride[axis]) + 1;
  };
  return [side(0), side(1)];
}

const isFirst = ({ graph }: Value) => graph.target === 'cuda';
const channelsOf = (x: Value): number => (isFirst(x) ? x.shape[1] : x.shape[x.shape.length - 1]);
/** Height and width of images. */
export const sizeIn = (x: Value): Pair => (isFirst(x) ? [x.shape[2], x.shape[3]] : [x.shape[1], x.shape[2]]);
/** The shape of such images with another size. */
const withSize = (x: Value, [height, width]: Pair): Shape => {
  const [n, channels] = [x.shape[0], channelsOf(x)];
  return isFirst(x) ? [n, channels, height, width] : [n, height, width, channels];
};

/** How a convolution normalises what it reads: see `normalise`. Zeros around the image stay zeros. */
export interface InputNorm {
  norm: Norm;
  relu: boolean;
}

const normInputs = (read: InputNorm | undefined) =>
  read ? [read.norm.statistics, read.norm.scale, read.norm.bias] : [];

/** Of `conv` and convWeightGradient. */
export const convAttributes = (window: NativeWindow, read: InputNorm | undefined) => ({
  ...attributesOf(window),
  relu: Number(read?.relu ?? false),
});

/** Convolution. x: N×H×W×C, w: h×w×C/groups×O, bias: O → N×H'×W'×O. */
export function conv(
  x: Value,
  w: Value,
  bias: Value | undefined,
  window: NativeWindow,
  read?: InputNorm,
): Value {
  const [height, width, channels, out] = w.shape;
  if (x.shape.length !== 4 || x.shape[3] !== channels * window.groups)
    throw shapeError('Conv', 'channels differ', x, w);
  const size = outSize(sizeIn(x), [height, width], window);
  if (size.some((side) => side < 1)) throw shapeError('Conv', 'the kernel does not fit', x, w);
  const inputs = trimmed([x, w, bias, ...normInputs(read)]);
  return native('Conv', inputs, convAttributes(window, read), [[x.shape[0], ...size, out]])[0];
}

/** The gradient of a convolution's input, of height × width. dy: N×H'×W'×O → N×height×width×C. */
export function convInputGradient(dy: Value, w: Value, window: NativeWindow, size: Pair): Value {
  const shape = [dy.shape[0], ...size, w.shape[2] * window.groups];
  return native('ConvInputGradient', [dy, w], { ...attributesOf(window), size }, [shape])[0];
}

/** The gradients of a convolution's weights and of its bias. `read` as it was. */
export function convWeightGradient(
  x: Value,
  dy: Value,
  window: NativeWindow,
  kernel: Pair,
  read?: InputNorm,
): { weights: Value; bias: Value } {
  const out = dy.shape[3];
  const shapes = [[...kernel, x.shape[3] / window.groups, out], [out]];
  const attributes = { ...convAttributes(window, read), kernel };
  const inputs = [x, dy, ...normInputs(read)];
  const [weights, bias] = native('ConvWeightGradient', inputs, attributes, shapes);
  return { weights, bias };
}

/**
 * In graphs for CUDA: what each element of a kernel meets as its window moves over some of the images, N×C×H×W →
 * (C·h·w) × (count·H'·W').
 */
export function unfold(x: Value, window: Window, images: readonly [first: number, count: number]): Value {
  const [rows, cols] = windowed('Unfold', x, window);
  const { kernel, stride, padding } = window;
  const shape = [x.shape[1] * kernel[0] * kernel[1], images[1] * rows * cols];
  return native('Unfold', [x], { kernel, stride, padding, images }, [shape])[0];
}

/** A batch's statistics, 3×C: of each channel the mean, the biased variance, and 1/√(variance + epsilon). */
export function batchStatistics(x: Value, epsilon: number): Value {
  return native('BatchStatistics', [x], { epsilon: { float: epsilon } }, [[3, channelsOf(x)]])[0];
}

/** The running mean and variance after a batch of `rows` values per channel, as PyTorch keeps them. */
export function runningStatistics(
  statistics: Value,
  { mean, variance }: { mean: Value; variance: Value },
  { rows, momentum }: { rows: number; momentum: number },
): { mean: Value; variance: Value } {
  const attributes = { rows, momentum: { float: momentum } };
  const shapes = [mean.shape, variance.shape];
  const next = native('RunningStatistics', [statistics, mean, variance], attributes, shapes);
  return { mean: next[0], variance: next[1] };
}

/** What normalises a value: the batch's statistics, and scale and bias of C values each. */
export interface Norm {
  statistics: Value;
  scale: Value;
  bias: Value;
}

/**
 * (x − mean)·scale/√(variance + epsilon) + bias, and then: plus a residual, which may have a normalisation of its
 * own; 0 where that is negative.
 */
export function normalise(
  x: Value,
  { statistics, scale, bias }: Norm,
  { residual, relu }: { residual?: { value: Value; norm?: Norm }; relu: boolean },
): Value {
  const norm = residual?.norm;
  const others = residual ? [residual.value, norm?.statistics, norm?.scale, norm?.bias] : [];
  const inputs = [x, statistics, scale, bias, ...others];
  return native('Normalise', trimmed(inputs), { relu: Number(relu) }, [x.shape])[0];
}

/**
 * What arrives at the result of `normalise`: the gradient `dy`, plus `other` where the result was used twice. The
 * activation let pass all of it, or where the normalised value is above 0, or where the stored result `y` is.
 */
export interface Arriving {
  dy: Value;
  other?: Value;
  mask: 'none' | 'normalised' | { y: Value };
}

const maskNumber = ({ mask }: Arriving) => (mask === 'none' ? 0 : mask === 'normalised' ? 1 : 2);
const resultOf = ({ mask }: Arriving) => (typeof mask === 'object' ? mask.y : undefined);

/** The gradients of bias and scale, C values each. */
export interface NormGradients {
  bias: Value;
  scale: Value;
}

/** The gradients of bias and scale, and what passed the activation: the gradient of the residual. */
export function normaliseGradientSums(
  arriving: Arriving,
  x: Value,
  { statistics, scale, bias }: Norm,
): { sums: NormGradients; passing: Value } {
  const inputs = [arriving.dy, x, statistics, scale, bias, arriving.other, resultOf(arriving)];
  const channels = [channelsOf(x)];
  const mask = maskNumber(arriving);
  const made = native('NormaliseGradientSums', trimmed(inputs), { mask }, [channels, channels, x.shape]);
  return { sums: { bias: made[0], scale: made[1] }, passing: made[2] };
}

/** The gradient of x, with the sums of normaliseGradientSums. */
export function normaliseGradient(
  arriving: Arriving,
  x: Value,
  { statistics, scale, bias }: Norm,
  sums: NormGradients,
): Value {
  const saved = [statistics, scale, bias, sums.bias, sums.scale];
  const inputs = [arriving.dy, x, ...saved, arriving.other, resultOf(arriving)];
  return native('NormaliseGradient', trimmed(inputs), { mask: maskNumber(arriving) }, [x.shape])[0];
}

export interface NativePool {
  kernel: Pair;
  stride: number;
  /** Rows and columns on every side, which pooling ignores. */
  padding: number;
}

const pooled = (x: Value, { kernel, stride, padding }: NativePool): Shape => {
  const size = sizeIn(x);
  const side = (axis: 0 | 1) => Math.floor((size[axis] + 2 * padding - kernel[axis]) / stride) + 1;
  if (side(0) < 1 || side(1) < 1) throw shapeError('Pooling', 'the kernel does not fit', x);
  return withSize(x, [side(0), side(1)]);
};

/** The largest value of each window, and its place in the window, which only maxPoolGradient reads. */
export function maxPool(x: Value, pool: NativePool): { y: Value; places: Value } {
  const shape = pooled(x, pool);
  const [y, places] = x.graph.node(`${NATIVE_DOMAIN}:MaxPool`, [x], { ...pool }, [
    { shape },
    { shape, dtype: 'uint8' },
  ]);
  return { y, places };
}

/** The gradient of max pooling's input, of height × width. */
export function maxPoolGradient(dy: Value, places: Value, pool: NativePool, size: Pair): Value {
  return native('MaxPoolGradient', [dy, places], { ...pool, size }, [withSize(dy, size)])[0];
}

/** The mean of each window, of the elements that lie within the image. */
export function averagePool(x: Value, pool: NativePool): Value {
  return native('AveragePool', [x], { ...pool }, [pooled(x, pool)])[0];
}

/** The gradient of average pooling's input, of height × width. */
export function averagePoolGradient(dy: Value, pool: NativePool, size: Pair): Value {
  return native('AveragePoolGradient', [dy], { ...pool, size }, [withSize(dy, size)])[0];
}

/** Cross entropy of soft labels, as softmaxCrossEntropy of composites.ts, and its gradient of the logits. */
export function crossEntropy(logits: Value, labels: Value): { loss: Value; gradient: Value } {
  const [loss, gradient] = native('SoftmaxCrossEntropy', [logits, labels], {}, [[], logits.shape]);
  return { loss, gradient };
}

/** Which mask of a network this is, and how it is drawn. */
export interface NativeDropout {
  number: number;
  /** So many of 2^16 elements are dropped. */
  dropped: number;
  /** What the others are multiplied by. */
  scale: number;
}

/**
 * Dropout of N×H×W×C or N×C with a mask that is drawn where it is used; of the gradient of the result it makes that of x.
 * @param random int64, two numbers: the seed and the number of the step
 */
export function dropout(x: Value, random: Value, { number, dropped, scale }: NativeDropout): Value {
  return native('Dropout', [x, random], { number, dropped, scale: { float: scale } }, [x.shape])[0];
}

/** What a step of an optimizer reads and makes. */
export interface UpdateTensors {
  weights: readonly Value[];
  /** What the optimizer keeps, one list per kind, each in the order of the weights. */
  slots: readonly (readonly Value[])[];
}

/**
 * A step of an optimizer for all weights at once.
 * @param op the optimizer's operator, with its attributes
 * @param checked values that only count for `finite`, which is NaN where one of them or a new weight is not finite, else 0
 */
export function update(
  { op, attributes }: { op: string; attributes: Record<string, Attribute> },
  scalars: readonly Value[],
  { weights, slots, gradients }: UpdateTensors & { gradients: readonly Value[] },
  checked: readonly Value[],
): UpdateTensors & { finite: Value } {
  const inputs = [...scalars, ...weights, ...gradients, ...slots.flat(), ...checked];
  const shapes = [weights, ...slots].flatMap((list) => list.map(({ shape }) => shape));
  const made = native(op, inputs, { ...attributes, parameters: weights.length }, [[], ...shapes]);
  const list = (number: number) => made.slice(1 + number * weights.length, 1 + (number + 1) * weights.length);
  return { finite: made[0], weights: list(0), slots: slots.map((_, i) => list(1 + i)) };
}

/** Inputs that are left out at the end need not be written. */
const trimmed = (inputs: readonly (Value | undefined)[]) =>
  inputs.slice(0, inputs.findLastIndex((input) => input !== undefined) + 1);
