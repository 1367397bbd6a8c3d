/**
 * Layers: functions of a net, which they ask for their parameters, and of values. Parameters have PyTorch's names, shapes
 * and initial values. A layer of your own is a function like these. All throw SaliencyMixError MODEL for shapes that they
 * cannot take.
 */
import { batchNormTraining } from '../graph/composites';
import { shapeError, sizeOf, type Value } from '../graph/graph';
import * as ops from '../graph/ops';
import type { Init, Net } from './net';

export interface ConvOptions {
  /** Channels of the result. */
  out: number;
  /** Side of the kernel. */
  kernel: number;
  stride?: number;
  /** Half of the kernel unless given: the size stays at stride 1. */
  padding?: number;
  bias?: boolean;
}

/** PyTorch's. */
const EPSILON = 1e-5;
const MOMENTUM = 0.1;

const constant = (value: number): Init => ({ kind: 'constant', value });

/** N×C×H×W → N×out×H'×W'. Parameters NAME.weight (out×C×kernel×kernel) and, if asked for, NAME.bias. */
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

const blend = (old: Value, fresh: Value, share: number): Value => {
  const kept = ops.mul(old, old.graph.scalar(1 - MOMENTUM));
  return ops.add(kept, ops.mul(fresh, old.graph.scalar(share)));
};

/**
 * Batch normalisation of N×C×H×W. Parameters NAME.weight and NAME.bias, and the statistics NAME.running_mean and
 * NAME.running_var, C each. In training mode with the batch's own mean and variance, else with the running ones.
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
  const count = sizeOf(x.shape) / x.shape[1];
  net.update(`${name}.running_mean`, blend(mean, batchMean, MOMENTUM));
  // The running variance is the unbiased one.
  const share = (MOMENTUM * count) / (count - 1);
  net.update(`${name}.running_var`, blend(variance, batchVariance, share));
  return y;
}

/** N×C → N×out. Parameters NAME.weight (out×C) and NAME.bias. */
export function linear(net: Net, name: string, x: Value, out: number): Value {
  const bound = 1 / Math.sqrt(x.shape[1]);
  const weight = net.parameter(`${name}.weight`, [out, x.shape[1]], { kind: 'uniform', bound });
  const bias = net.parameter(`${name}.bias`, [out], { kind: 'uniform', bound });
  return ops.gemm(x, weight, bias, { transB: true });
}

/** Elements are dropped with a chance of `rate`, the others divided by 1 − rate; in evaluation nothing happens. */
export function dropout(net: Net, name: string, x: Value, rate: number): Value {
  if (net.mode === 'evaluate' || rate === 0) return x;
  const kept = net.dropoutMask(name, x.shape, rate);
  const scaled = ops.mul(x, net.graph.scalar(1 / (1 - rate)));
  return ops.where(kept, scaled, net.graph.scalar(0));
}

/** Largest value of each kernel × kernel window of N×C×H×W. */
export function maxPool(x: Value, kernel: number, stride: number, padding = 0): Value {
  return ops.maxPool(x, { kernel: [kernel, kernel], stride, padding }).y;
}

/** N×C×H×W → N×C. */
export function globalAveragePool(x: Value): Value {
  return ops.reduceMean(x, [2, 3], false);
}

/** N×C×H×W → N×C·side·side: means of side × side cells. H and W must be multiples of `side`. */
export function averagePoolTo(x: Value, side: number): Value {
  const [n, channels, height, width] = x.shape;
  const cells = ops.reshape(x, [n, channels, side, height / side, side, width / side]);
  return ops.reshape(ops.reduceMean(cells, [3, 5], false), [n, channels * side * side]);
}
