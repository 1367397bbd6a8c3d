/**
 * Layers: functions of a net, which they ask for their parameters, and of values. Parameters have the names and
 * shapes that PyTorch gives them, and initial values distributed as in PyTorch or torchvision. A layer of your
 * own is a function like these. All throw SaliencyMixError MODEL for shapes that they cannot take.
 */
import { batchNormTraining, dropout as dropped, runningStatistics } from '../graph/composites';
import { shapeError, sizeOf, type Value } from '../graph/graph';
import * as ops from '../graph/ops';
import type { Init, Net } from './net';

export interface ConvOptions {
  /** Channels of the result. */
  out: number;
  /** Side of the kernel. */
  kernel: number;
  stride?: number;
  /** kernel/2, rounded down, unless given: with an odd kernel and stride 1 the size stays the same. */
  padding?: number;
  bias?: boolean;
}

/** The defaults of PyTorch's BatchNorm2d. */
const EPSILON = 1e-5;
const MOMENTUM = 0.1;

const constant = (value: number): Init => ({ kind: 'constant', value });

/**
 * Convolution, N×C×H×W → N×out×H'×W'. Parameters NAME.weight (out×C×kernel×kernel) and, with `bias`, NAME.bias
 * (out).
 */
export function conv(
  net: Net,
  name: string,
  x: Value,
  { out, kernel, stride = 1, padding = kernel >> 1, bias = false }: ConvOptions,
): Value {
  const weight = net.parameter(`${name}.weight`, [out, x.shape[1], kernel, kernel], {
    kind: 'he',
    fan: out * kernel * kernel,
  });
  const added = bias ? net.parameter(`${name}.bias`, [out], constant(0)) : undefined;
  return ops.conv(x, weight, added, { stride, padding });
}

/**
 * Batch normalisation of N×C×H×W. Parameters NAME.weight and NAME.bias, statistics NAME.running_mean and
 * NAME.running_var, of C values each. In training mode it normalises with the batch's own mean and variance,
 * else with the running ones.
 */
export function batchNorm(net: Net, name: string, x: Value): Value {
  if (x.shape.length !== 4) throw shapeError('BatchNorm', 'it must be N×C×H×W', x);
  const shape = [x.shape[1]];
  const weight = net.parameter(`${name}.weight`, shape, constant(1));
  const bias = net.parameter(`${name}.bias`, shape, constant(0));
  const mean = net.statistic(`${name}.running_mean`, shape, constant(0));
  const variance = net.statistic(`${name}.running_var`, shape, constant(1));
  if (net.mode === 'evaluate') return ops.batchNormInference(x, weight, bias, mean, variance, EPSILON);
  const [y, batchMean, batchVariance] = batchNormTraining(x, weight, bias, EPSILON);
  const batch = { mean: batchMean, variance: batchVariance };
  const rows = sizeOf(x.shape) / x.shape[1];
  const next = runningStatistics({ mean, variance }, batch, { rows, momentum: MOMENTUM });
  net.update(`${name}.running_mean`, next.mean);
  net.update(`${name}.running_var`, next.variance);
  return y;
}

/** Fully connected layer, N×C → N×out. Parameters NAME.weight (out×C) and NAME.bias (out). */
export function linear(net: Net, name: string, x: Value, out: number): Value {
  const bound = 1 / Math.sqrt(x.shape[1]);
  const weight = net.parameter(`${name}.weight`, [out, x.shape[1]], { kind: 'uniform', bound });
  const bias = net.parameter(`${name}.bias`, [out], { kind: 'uniform', bound });
  return ops.gemm(x, weight, bias, { transB: true });
}

/**
 * In training mode sets each element to 0 with probability `rate` and divides the others by 1 − rate; else
 * gives x.
 */
export function dropout(net: Net, name: string, x: Value, rate: number): Value {
  if (net.mode === 'evaluate' || rate === 0) return x;
  return dropped(x, net.dropoutMask(name, x.shape, rate), rate);
}

/** Max pooling, N×C×H×W → N×C×H'×W': the largest value of each kernel × kernel window. */
export function maxPool(x: Value, kernel: number, stride: number, padding = 0): Value {
  return ops.maxPool(x, { kernel: [kernel, kernel], stride, padding }).y;
}

/** The mean of each channel, N×C×H×W → N×C. */
export function globalAveragePool(x: Value): Value {
  return ops.reduceMean(x, [2, 3], false);
}

/**
 * Divides each image into side × side cells and takes the mean of each, N×C×H×W → N×(C·side·side). H and W must
 * be multiples of `side`.
 */
export function averagePoolTo(x: Value, side: number): Value {
  const [n, channels, height, width] = x.shape;
  const cells = ops.reshape(x, [n, channels, side, height / side, side, width / side]);
  return ops.reshape(ops.reduceMean(cells, [3, 5], false), [n, channels * side * side]);
}
