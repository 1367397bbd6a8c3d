/**
 * The gradient table. For each operator it has a rule, or 'none' (the result is piecewise constant, so the
 * gradient is zero), or 'forbidden' (there is no gradient here, and asking for one is an error). A rule gives
 * one gradient per input of the node; undefined where none is needed or the input is not differentiable. If the
 * operator broadcast an input, its gradient may have the larger shape: backward.ts then sums it over the axes
 * along which the input was repeated.
 */
import { SaliencyMixError } from '../errors';
import { dropout, keptBranch, mixedRows } from './composites';
import { convInputGradient, convWeightGradient } from './convolution';
import { type Node, sizeOf, type Value } from './graph';
import { byIndices, byMasks } from './max-pool';
import * as ops from './ops';
import { windowOf } from './ops/window';

const { add, mul, div, neg, reshape, transpose, expand, reduceSum, where } = ops;

export interface RuleInput {
  readonly node: Node;
  /** Inputs (x) and outputs (y) of the node. A rule reads only those that its operator always has. */
  readonly x: readonly Value[];
  readonly y: readonly Value[];
  /** Gradients of the outputs; undefined for an output that the loss does not depend on. */
  readonly dy: readonly Value[];
  /** For each input, whether its gradient is asked for. */
  readonly needs: readonly boolean[];
}

export type Rule = (input: RuleInput) => (Value | undefined)[];
export type Gradient = Rule | 'none' | 'forbidden';

const zero = (like: Value) => like.graph.scalar(0);

/** The gradient of a reduction's result, repeated along the reduced axes to the shape of x. */
function unreduced({ x, dy }: RuleInput, axes: readonly number[]): Value {
  const kept = x[0].shape.map((side, axis) => (axes.includes(axis) ? 1 : side));
  return expand(reshape(dy[0], kept), x[0].shape);
}

/**
 * Y = A'·B' + C, where A' is A or its transpose (transA), and B' likewise. dA' = dY·B'ᵀ, dB' = A'ᵀ·dY, dC = dY.
 */
const gemmRule: Rule = ({ node, x: [a, b], dy: [dy], needs }) => {
  const [transA, transB] = [node.attributes.transA === 1, node.attributes.transB === 1];
  const dA = () =>
    transA
      ? ops.gemm(b, dy, undefined, { transA: transB, transB: true })
      : ops.gemm(dy, b, undefined, { transB: !transB });
  const dB = () =>
    transB
      ? ops.gemm(dy, a, undefined, { transA: true, transB: transA })
      : ops.gemm(a, dy, undefined, { transA: !transA });
  return [needs[0] ? dA() : undefined, needs[1] ? dB() : undefined, dy].slice(0, node.inputs.length);
};

/** dX and dW: see convolution.ts. dBias = Σ dY over images and pixels. */
const convRule: Rule = ({ node, x: [x, w], dy: [dy], needs }) => {
  if ((node.attributes.dilations as number[])[0] !== 1)
    throw new SaliencyMixError('MODEL', 'Conv with dilation has no gradient here');
  const window = windowOf(node.attributes);
  return [
    needs[0] ? convInputGradient(dy, w, window, [x.shape[2], x.shape[3]]) : undefined,
    needs[1] ? convWeightGradient(x, dy, window) : undefined,
    needs[2] ? reduceSum(dy, [0, 2, 3], false) : undefined,
  ].slice(0, node.inputs.length);
};

/** See max-pool.ts. */
const maxPoolRule: Rule = ({ node, x: [x], y: [y, indices], dy: [dy] }) => [
  x.graph.target === 'webgpu' ? byMasks(x, y, dy, windowOf(node.attributes)) : byIndices(x, indices, dy),
];

/**
 * Training mode. With x̂ = (x − μ)/σ and M values per channel:
 *
 *     dβ = Σ dY,  dγ = Σ dY·x̂,  dX = γ/σ·(dY − dβ/M − x̂·dγ/M)
 *
 * dX is computed as dY·slope + centred·a + b, with a and b per channel. The outputs mean and variance have no
 * gradient: only the running statistics are made of them.
 */
const batchNormTrainingRule: Rule = ({ node, x: [x, scale], dy: [dy], needs }) => {
  const [centred, deviation, slope] = node.saved;
  const [, channels] = x.shape;
  const axes = [0, 2, 3];
  const count = x.graph.scalar(sizeOf(x.shape) / channels);
  const dBias = reduceSum(dy, axes);
  const dScale = div(reduceSum(mul(dy, centred), axes), deviation);
  const dX = () => {
    const a = neg(div(mul(slope, dScale), mul(deviation, count)));
    const b = neg(div(mul(slope, dBias), count));
    return add(add(mul(dy, slope), mul(centred, a)), b);
  };
  return [needs[0] ? dX() : undefined, reshape(dScale, scale.shape), reshape(dBias, scale.shape)];
};

/** Evaluation mode, with fixed statistics: dX = dY·γ/σ, dβ = Σ dY, dγ = Σ dY·x̂. */
const batchNormInferenceRule: Rule = ({ node, x: [x, scale, , mean, variance], dy: [dy], needs }) => {
  const channels = [1, x.shape[1], 1, 1];
  const { float: epsilon } = node.attributes.epsilon as { float: number };
  const deviation = ops.sqrt(add(reshape(variance, channels), x.graph.scalar(epsilon)));
  const normalised = () => div(ops.sub(x, reshape(mean, channels)), deviation);
  return [
    needs[0] ? mul(dy, div(reshape(scale, channels), deviation)) : undefined,
    needs[1] ? reshape(reduceSum(mul(dy, normalised()), [0, 2, 3]), scale.shape) : undefined,
    needs[2] ? reduceSum(dy, [0, 2, 3], false) : undefined,
    undefined,
    undefined,
  ];
};

/** L = −Σ y·log p/N with p = softmax(z): dz = (p·Σₖ y − y)/N·dL. Σₖ y is 1 for true distributions. */
const crossEntropyRule: Rule = ({ node, x: [logits, labels], dy: [dy] }) => {
  const [probabilities] = node.saved;
  const difference = ops.sub(mul(probabilities, reduceSum(labels, [1])), labels);
  return [mul(difference, div(dy, logits.graph.scalar(logits.shape[0]))), undefined];
};

const dropoutRule: Rule = ({ node, x: [, kept], dy: [dy] }) => {
  const { float: rate } = node.attributes.rate as { float: number };
  return [dropout(dy, kept, rate), undefined];
};

const sliceRule: Rule = ({ node, x: [x], y: [y], dy: [dy] }) => {
  const [starts, , axes, steps] = node.inputs.slice(1).map((input) => x.graph.integersOf(input));
  if (steps.some((step) => step !== 1))
    throw new SaliencyMixError('MODEL', 'Slice in steps has no gradient here');
  const before = x.shape.map((_, axis) => starts[axes.indexOf(axis)] ?? 0);
  const after = x.shape.map((side, axis) => side - before[axis] - y.shape[axis]);
  return [ops.pad(dy, before, after), undefined, undefined, undefined, undefined];
};

const padRule: Rule = ({ node, x: [x], dy: [dy] }) => {
  const pads = x.graph.integersOf(node.inputs[1]);
  const ranges = x.shape.map((side, axis) => ({ axis, start: pads[axis], end: pads[axis] + side }));
  return [ops.slice(dy, ranges), undefined, undefined].slice(0, node.inputs.length);
};

const concatRule: Rule = ({ node, x, dy: [dy] }) => {
  const axis = node.attributes.axis as number;
  let start = 0;
  return x.map(({ shape }) => ops.slice(dy, [{ axis, start, end: (start += shape[axis]) }]));
};

const inverse = (perm: readonly number[]) => perm.map((_, axis) => perm.indexOf(axis));

export const gradients: Readonly<Record<string, Gradient>> = {
  // elementwise
  Add: ({ dy: [dy] }) => [dy, dy],
  Sub: ({ dy: [dy], needs }) => [dy, needs[1] ? neg(dy) : undefined],
  Mul: ({ x: [a, b], dy: [dy], needs }) => [
    needs[0] ? mul(dy, b) : undefined,
    needs[1] ? mul(dy, a) : undefined,
  ],
  // d(a/b) = da/b − (a/b)·db/b
  Div: ({ x: [, b], y: [y], dy: [dy], needs }) => {
    const part = div(dy, b);
    return [part, needs[1] ? neg(mul(part, y)) : undefined];
  },
  Neg: ({ dy: [dy] }) => [neg(dy)],
  Exp: ({ y: [y], dy: [dy] }) => [mul(dy, y)],
  Log: ({ x: [x], dy: [dy] }) => [div(dy, x)],
  Sqrt: ({ y: [y], dy: [dy] }) => [div(dy, add(y, y))],
  // y·(1 − y)
  Sigmoid: ({ y: [y], dy: [dy] }) => [mul(dy, ops.sub(y, mul(y, y)))],
  Relu: ({ y: [y], dy: [dy] }) => [where(ops.greater(y, zero(y)), dy, zero(y))],
  Identity: ({ dy: [dy] }) => [dy],
  Where: ({ x: [condition], dy: [dy], needs }) => [
    undefined,
    needs[1] ? where(condition, dy, zero(dy)) : undefined,
    needs[2] ? where(condition, zero(dy), dy) : undefined,
  ],
  Greater: 'none',
  // reductions
  ReduceSum: (input) => [unreduced(input, input.x[0].graph.integersOf(input.node.inputs[1])), undefined],
  ReduceMean: (input) => {
    const [x, dy] = [input.x[0], input.dy[0]];
    const count = x.graph.scalar(sizeOf(x.shape) / sizeOf(dy.shape));
    return [unreduced({ ...input, dy: [div(dy, count)] }, input.node.attributes.axes as number[])];
  },
  ReduceMax: 'forbidden', // no gradient at ties; softmax needs none, since the maximum that it subtracts cancels
  // shapes
  Reshape: ({ x: [x], dy: [dy] }) => [reshape(dy, x.shape), undefined],
  Transpose: ({ node, dy: [dy] }) => [transpose(dy, inverse(node.attributes.perm as number[]))],
  Expand: ({ dy: [dy] }) => [dy, undefined],
  Slice: sliceRule,
  Pad: padRule,
  Concat: concatRule,
  Gather: 'forbidden', // it is a part of MixedRows alone
  // layers
  Gemm: gemmRule,
  MatMul: 'forbidden', // only gradients are made of it
  Conv: convRule,
  ConvTranspose: 'forbidden',
  MaxPool: maxPoolRule,
  ScatterElements: 'forbidden',
  BatchNormalization: batchNormInferenceRule, // ONNX's name for its form with fixed statistics
  // composites
  BatchNormTraining: batchNormTrainingRule,
  SoftmaxCrossEntropy: crossEntropyRule,
  Dropout: dropoutRule,
  DropBlock: ({ node, dy: [dy] }) => [mul(dy, node.saved[0]), undefined],
  StochasticDepth: ({ node, x: [, kept], dy: [dy] }) => [
    keptBranch(dy, kept, (node.attributes.scale as { float: number }).float),
    undefined,
  ],
  // Row i goes into row i with λ, and into the row whose partner it is with 1 − λ: of that the inverse tells.
  MixedRows: ({ x: [, partners, back, lambda], dy: [dy] }) => [
    mixedRows(dy, { partners: back, inverse: partners, lambda }),
    undefined,
    undefined,
    undefined,
  ],
  RunningStatistics: 'forbidden', // no loss depends on them
};
