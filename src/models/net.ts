/**
 * Layers with names: what models are made of. A net is one pass of a model over a graph; it gathers the parameters that
 * its layers ask for, under PyTorch's names, shapes and initial values.
 */
import { batchNormTraining } from '../graph/composites';
import { type Graph, type Shape, sizeOf, type Value } from '../graph/graph';
import * as ops from '../graph/ops';

/**
 * How a parameter begins. he: normal with standard deviation √(2/fan), He et al., "Delving deep into rectifiers", ICCV
 * 2015, with the fan out as torchvision has it; uniform: from −bound to bound; constant.
 */
export type Init =
  | { readonly kind: 'he'; readonly fan: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'constant'; readonly value: number };

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Init;
  /** Whether it is learned; running statistics are not. */
  readonly trained: boolean;
}

/** Which elements a dropout layer keeps: an input of the graph, drawn for each step. */
export interface DropoutMask {
  readonly name: string;
  readonly shape: Shape;
  /** Chance that an element is dropped. */
  readonly rate: number;
}

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

export class Net {
  readonly graph: Graph;
  /** train: statistics of the batch, dropout. evaluate: running statistics, none. */
  readonly mode: 'train' | 'evaluate';
  readonly parameters = new Map<string, { parameter: Parameter; value: Value }>();
  /** Running statistics after the step, by name. */
  readonly running = new Map<string, Value>();
  readonly dropoutMasks: DropoutMask[] = [];

  constructor(graph: Graph, mode: Net['mode']) {
    this.graph = graph;
    this.mode = mode;
  }

  #parameter(name: string, shape: Shape, init: Init, trained = true): Value {
    const value = this.graph.input(name, shape);
    this.parameters.set(name, { parameter: { name, shape, init, trained }, value });
    return value;
  }

  /** N×C×H×W → N×out×H'×W'. Parameters NAME.weight and, if asked for, NAME.bias. */
  conv(
    name: string,
    x: Value,
    { out, kernel, stride = 1, padding = kernel >> 1, bias = false }: ConvOptions,
  ): Value {
    const weight = this.#parameter(`${name}.weight`, [out, x.shape[1], kernel, kernel], {
      kind: 'he',
      fan: out * kernel * kernel,
    });
    const added = bias ? this.#parameter(`${name}.bias`, [out], constant(0)) : undefined;
    return ops.conv(x, weight, added, { stride, padding });
  }

  /** Parameters NAME.weight, NAME.bias, and the statistics NAME.running_mean and NAME.running_var. */
  batchNorm(name: string, x: Value): Value {
    const shape = [x.shape[1]];
    const weight = this.#parameter(`${name}.weight`, shape, constant(1));
    const bias = this.#parameter(`${name}.bias`, shape, constant(0));
    const mean = this.#parameter(`${name}.running_mean`, shape, constant(0), false);
    const variance = this.#parameter(`${name}.running_var`, shape, constant(1), false);
    if (this.mode === 'evaluate') return ops.batchNormInference(x, weight, bias, mean, variance, EPSILON);
    const [y, batchMean, batchVariance] = batchNormTraining(x, weight, bias, EPSILON);
    const count = sizeOf(x.shape) / x.shape[1];
    this.running.set(`${name}.running_mean`, this.#blend(mean, batchMean, MOMENTUM));
    // The running variance is the unbiased one.
    const share = (MOMENTUM * count) / (count - 1);
    this.running.set(`${name}.running_var`, this.#blend(variance, batchVariance, share));
    return y;
  }

  #blend(old: Value, fresh: Value, share: number): Value {
    const kept = ops.mul(old, this.graph.scalar(1 - MOMENTUM));
    return ops.add(kept, ops.mul(fresh, this.graph.scalar(share)));
  }

  /** N×C → N×out. Parameters NAME.weight (out×C) and NAME.bias. */
  linear(name: string, x: Value, out: number): Value {
    const bound = 1 / Math.sqrt(x.shape[1]);
    const weight = this.#parameter(`${name}.weight`, [out, x.shape[1]], { kind: 'uniform', bound });
    const bias = this.#parameter(`${name}.bias`, [out], { kind: 'uniform', bound });
    return ops.gemm(x, weight, bias, { transB: true });
  }

  /** Elements are dropped with a chance of `rate`, the others divided by 1 − rate; in evaluation nothing happens. */
  dropout(name: string, x: Value, rate: number): Value {
    if (this.mode === 'evaluate' || rate === 0) return x;
    const mask = { name: `dropout/${name}`, shape: x.shape, rate };
    this.dropoutMasks.push(mask);
    const kept = this.graph.input(mask.name, mask.shape, 'bool');
    const scaled = ops.mul(x, this.graph.scalar(1 / (1 - rate)));
    return ops.where(kept, scaled, this.graph.scalar(0));
  }

  relu(x: Value): Value {
    return ops.relu(x);
  }

  add(a: Value, b: Value): Value {
    return ops.add(a, b);
  }

  maxPool(x: Value, kernel: number, stride: number, padding: number): Value {
    return ops.maxPool(x, { kernel: [kernel, kernel], stride, padding }).y;
  }

  /** N×C×H×W → N×C. */
  globalAveragePool(x: Value): Value {
    return ops.reduceMean(x, [2, 3], false);
  }

  /** N×C×H×W → N×C·side·side: means of side × side cells. H and W must be multiples of `side`. */
  averagePoolTo(x: Value, side: number): Value {
    const [n, channels, height, width] = x.shape;
    const cells = ops.reshape(x, [n, channels, side, height / side, side, width / side]);
    return ops.reshape(ops.reduceMean(cells, [3, 5], false), [n, channels * side * side]);
  }
}
