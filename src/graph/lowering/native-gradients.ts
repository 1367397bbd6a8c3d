/** The gradient table of the native engine's graphs: that of the plain operators, and rules of our own operators. */
import { gradients, type Gradient, type Rule } from '../gradients';
import { type Node, sameShape, type Value } from '../graph';
import * as native from '../native-ops';
import { mul, reshape, slice } from '../ops';

type Pair = readonly [number, number];

const own = (name: string) => `${native.NATIVE_DOMAIN}:${name}`;

/** The window that a convolution's attributes describe. */
function windowOf({ attributes }: Node): native.NativeWindow {
  return {
    stride: attributes.strides as unknown as Pair,
    padding: attributes.pads as unknown as native.NativeWindow['padding'],
    dilation: attributes.dilations as unknown as Pair,
    groups: attributes.group as number,
    form: attributes.winograd === 1 ? 'winograd' : 'direct',
  };
}

const convRule: Rule = ({ node, x: [x, w], dy: [dy], needs }) => {
  const window = windowOf(node);
  const [from, statistics, scale, bias] = node.saved;
  const read = from && { norm: { statistics, scale, bias }, relu: node.attributes.relu === 1 };
  const byWeights = native.convWeightGradient(from ?? x, dy, window, [w.shape[0], w.shape[1]], read);
  return [
    needs[0] ? native.convInputGradient(dy, w, window, native.sizeIn(x)) : undefined,
    byWeights.weights,
    byWeights.bias,
  ].slice(0, node.inputs.length);
};

const poolOf = ({ attributes }: Node): native.NativePool => ({
  kernel: attributes.kernel as unknown as Pair,
  stride: attributes.stride as number,
  padding: attributes.padding as number,
});

const dropoutOf = ({ attributes }: Node): native.NativeDropout => ({
  number: attributes.number as number,
  dropped: attributes.dropped as number,
  scale: (attributes.scale as { float: number }).float,
});

/** Row i of a matrix, as a vector. */
export const rowOf = (matrix: Value, i: number): Value =>
  reshape(slice(matrix, [{ axis: 0, start: i, end: i + 1 }]), [matrix.shape[1]]);

/**
 * Gradients of x, scale and bias. `arriving` is what arrives at the normalised value. Fixed statistics do not move with x, as if
 * the sums that tell how they do were 0.
 */
function normGradients(
  arriving: native.Arriving,
  x: Value,
  norm: native.Norm,
  { sums, isFixed }: { sums: native.NormGradients; isFixed: boolean },
  needsX: boolean,
) {
  const zeros = () => x.graph.constant(Array<number>(norm.bias.shape[0]).fill(0));
  const moved = isFixed ? { scale: zeros(), bias: zeros() } : sums;
  return [needsX ? native.normaliseGradient(arriving, x, norm, moved) : undefined, sums.scale, sums.bias];
}

/** The two sides of a gradient that is the sum of two: the kernels add them where they read them. */
function sidesOf(dy: Value): { dy: Value; other?: Value } {
  const maker = dy.graph.nodes.findLast(({ outputs }) => outputs.includes(dy));
  const [first, other] = (maker?.inputs ?? []) as Value[];
  const isSum = maker?.op === 'Add' && sameShape(first.shape, other.shape);
  return isSum ? { dy: first, other } : { dy };
}

/** See lower.ts for the node. */
const batchNormRule: Rule = ({
  node,
  x: [x, scale, bias, residual, scale2, bias2],
  y: [y],
  dy: [dy],
  needs,
}) => {
  const [statistics, statistics2] = node.saved;
  const isMasked = node.attributes.relu === 1;
  const isFixed = node.attributes.fixed === 1;
  const mask: native.Arriving['mask'] = !isMasked ? 'none' : residual ? { y } : 'normalised';
  const norm = { statistics, scale, bias };
  const arriving = { ...sidesOf(dy), mask };
  const { sums, passing } = native.normaliseGradientSums(arriving, x, norm);
  if (!residual) return normGradients(arriving, x, norm, { sums, isFixed }, needs[0]);
  const past: native.Arriving = { ...(isMasked ? { dy: passing } : arriving), mask: 'none' };
  const first = normGradients(past, x, norm, { sums, isFixed }, needs[0]);
  if (!scale2) return [...first, isMasked ? passing : dy];
  const norm2 = { statistics: statistics2, scale: scale2, bias: bias2 };
  const sums2 = native.normaliseGradientSums(past, residual, norm2).sums;
  return [...first, ...normGradients(past, residual, norm2, { sums: sums2, isFixed }, needs[3])];
};

export const BATCH_NORM = 'NativeBatchNorm';

/** A convolution; one that normalises what it reads has saved of what, and the norm. */
export const CONV = own('Conv');

export const nativeGradients: Readonly<Record<string, Gradient>> = {
  ...gradients,
  [CONV]: convRule,
  [own('MaxPool')]: ({ node, x: [x], y: [, places], dy: [dy] }) => [
    native.maxPoolGradient(dy, places, poolOf(node), native.sizeIn(x)),
  ],
  [own('AveragePool')]: ({ node, x: [x], dy: [dy] }) => [
    native.averagePoolGradient(dy, poolOf(node), native.sizeIn(x)),
  ],
  [BATCH_NORM]: batchNormRule,
  [own('SoftmaxCrossEntropy')]: ({ y: [, gradient], dy: [dy] }) => [mul(gradient, dy), undefined],
  [own('Dropout')]: ({ node, x: [, random], dy: [dy] }) => [
    native.dropout(dy, random, dropoutOf(node)),
    undefined,
  ],
};
