/**
 * Functions that are made of several ONNX operators but have one rule in the gradient table, as if they were
 * one operator. That takes fewer nodes than the gradients of the parts, and is as exact.
 */
import { type Value, shapeError, sizeOf } from './graph';
import {
  add,
  div,
  exp,
  gatherRows,
  greater,
  log,
  maxPool,
  mul,
  neg,
  pad,
  reduceMax,
  reduceMean,
  reduceSum,
  reshape,
  sqrt,
  sub,
  where,
} from './ops';

/** A vector of C values as 1×C×1×1, to broadcast with N×C×H×W. */
const perChannel = (vector: Value) => reshape(vector, [1, vector.shape[0], 1, 1]);

/**
 * Batch normalisation in training mode (Ioffe & Szegedy, ICML 2015). x: N×C×H×W, scale and bias: C. Gives the
 * result and the mean and the (biased) variance of the batch, C values each.
 *
 * ONNX's own BatchNormalization in training mode is not used because it differs between execution providers.
 * The variance is the mean of (x − mean)², since mean(x²) − mean(x)² loses digits in float32 where the mean is
 * large. It is made of Mul and ReduceMean, since ReduceSumSquare adds the values one after another, which loses
 * digits over large batches.
 */
export function batchNormTraining(x: Value, scale: Value, bias: Value, epsilon: number) {
  const { graph } = x;
  const [n, channels, height, width] = x.shape;
  const count = n * height * width;
  if (count < 2)
    throw shapeError('BatchNorm', 'one value per channel has no variance; give a larger batch', x);
  const axes = [0, 2, 3];
  const build = () => {
    const mean = reduceMean(x, axes);
    const centred = sub(x, mean);
    const variance = reduceMean(mul(centred, centred), axes);
    const deviation = sqrt(add(variance, graph.scalar(epsilon)));
    const slope = div(perChannel(scale), deviation);
    const y = add(mul(centred, slope), perChannel(bias));
    const outputs = [y, reshape(mean, [channels]), reshape(variance, [channels])];
    return { outputs, saved: [centred, deviation, slope] };
  };
  return graph.composite('BatchNormTraining', [x, scale, bias], build, { epsilon: { float: epsilon } })
    .outputs;
}

/** Statistics of C values each. */
export interface Statistics {
  mean: Value;
  variance: Value;
}

/**
 * The running statistics after a batch of N×C×H×W: old·(1 − momentum) + momentum times the batch's. As in PyTorch, the
 * running variance is made of the unbiased variance: rows/(rows − 1) times that of the batch.
 * @param batch what batchNormTraining gives
 */
export function runningStatistics(
  { mean, variance }: Statistics,
  batch: Statistics,
  { rows, momentum }: { rows: number; momentum: number },
): Statistics {
  const { graph } = mean;
  const blend = (old: Value, fresh: Value, share: number) =>
    add(mul(old, graph.scalar(1 - momentum)), mul(fresh, graph.scalar(share)));
  const build = () => ({
    outputs: [
      blend(mean, batch.mean, momentum),
      blend(variance, batch.variance, (momentum * rows) / (rows - 1)),
    ],
    saved: [],
  });
  const inputs = [mean, variance, batch.mean, batch.variance];
  const attributes = { rows, momentum: { float: momentum } };
  const [nextMean, nextVariance] = graph.composite('RunningStatistics', inputs, build, attributes).outputs;
  return { mean: nextMean, variance: nextVariance };
}

/** A mask's rate is rounded to a multiple of one over this: each element takes 16 random bits. */
export const DROPOUT_LEVELS = 0x10000;

/** What dropout multiplies by where an element is kept. */
export const dropoutScale = (rate: number): number => 1 / (1 - rate);

/**
 * Dropout (Srivastava et al., JMLR 2014): x/(1 − rate) where `kept`, a mask of x's shape, is true, else 0. For WebGPU the
 * mask is float32, 1 or 0.
 */
export function dropout(x: Value, kept: Value, rate: number): Value {
  const { graph } = x;
  const build = () => {
    const scaled = mul(x, graph.scalar(dropoutScale(rate)));
    const y = kept.dtype === 'bool' ? where(kept, scaled, graph.scalar(0)) : mul(scaled, kept);
    return { outputs: [y], saved: [] };
  };
  return graph.composite('Dropout', [x, kept], build, { rate: { float: rate } }).outputs[0];
}

/**
 * The branch of a block in training, with stochastic depth: x·scale where `kept`, of n or 1 × 1 × 1 × 1, is true, else 0. For
 * WebGPU the gates are float32, 1 or 0.
 */
export function keptBranch(x: Value, kept: Value, scale: number): Value {
  const { graph } = x;
  const build = () => {
    const scaled = scale === 1 ? x : mul(x, graph.scalar(scale));
    const y = kept.dtype === 'bool' ? where(kept, scaled, graph.scalar(0)) : mul(scaled, kept);
    return { outputs: [y], saved: [] };
  };
  return graph.composite('StochasticDepth', [x, kept], build, { scale: { float: scale } }).outputs[0];
}

/** Which rows of a batch are mixed, and how much of each stays: see mixedRows. */
export interface RowMix {
  /** n int64: the row that each is mixed with, a permutation; and its inverse. */
  partners: Value;
  inverse: Value;
  /** The share that stays, 0 to 1, of no axes. */
  lambda: Value;
}

/** The rows of a batch, each mixed with its partner: λ·x[i] + (1 − λ)·x[partners[i]]. */
export function mixedRows(x: Value, { partners, inverse, lambda }: RowMix): Value {
  const { graph } = x;
  const build = () => {
    const others = mul(gatherRows(x, partners), sub(graph.scalar(1), lambda));
    return { outputs: [add(mul(x, lambda), others)], saved: [] };
  };
  return graph.composite('MixedRows', [x, partners, inverse, lambda], build).outputs[0];
}

/**
 * x without squares: where `kept` (n × C or 1 × places of a square's first corner) is false, one begins. What is left is divided by
 * its share, which may be no more than all of x. For WebGPU `kept` is float32, 1 or 0.
 */
export function dropBlocks(x: Value, kept: Value, block: readonly [height: number, width: number]): Value {
  const { graph } = x;
  const [zero, one] = [graph.scalar(0), graph.scalar(1)];
  const build = () => {
    const seeds = kept.dtype === 'bool' ? where(kept, zero, one) : sub(one, kept);
    const around = [0, 0, block[0] - 1, block[1] - 1];
    const squares = maxPool(pad(seeds, around, around), { kernel: block, stride: 1, padding: 0 }).y;
    const left = sub(one, squares);
    // By rows first: on graphics cards one group of threads would sum all of it.
    const sum = reduceSum(reduceSum(left, [2, 3]), [0, 1, 2, 3], false);
    // Where nothing is left, nothing is divided.
    const share = div(where(greater(sum, zero), sum, one), graph.scalar(sizeOf(left.shape)));
    const factor = div(left, share);
    return { outputs: [mul(x, factor)], saved: [factor] };
  };
  return graph.composite('DropBlock', [x, kept], build, { block: [...block] }).outputs[0];
}

/** Cross entropy of soft labels, mean over the batch: logits and labels N×K → scalar −Σ labels·log softmax(logits)/N. */
export function softmaxCrossEntropy(logits: Value, labels: Value): Value {
  const { graph } = logits;
  const [n] = logits.shape;
  return graph.composite('SoftmaxCrossEntropy', [logits, labels], () => {
    const shifted = sub(logits, reduceMax(logits, [1]));
    const exponentials = exp(shifted);
    const sum = reduceSum(exponentials, [1]);
    const logProbabilities = sub(shifted, log(sum));
    const total = reduceSum(mul(labels, logProbabilities), [0, 1], false);
    const loss = neg(div(total, graph.scalar(n)));
    return { outputs: [loss], saved: [div(exponentials, sum)] };
  }).outputs[0];
}
