/**
 * Optimizers as nodes of a graph. For each weight an optimizer keeps tensors of the weight's shape ("slots"),
 * which begin as zeros. Numbers that change from step to step ("scalars") are inputs of the graph. A new
 * optimizer needs an entry here.
 */
import * as check from '../check';
import { custom, flag, named, type OptionsOf, parse, real, required } from '../option';
import type { Attribute, Value } from './graph';
import { add, div, mul, sqrt, sub } from './ops';

const sgdOptions = {
  name: required(named(['sgd'] as const)),
  /** 0.9 unless given. */
  momentum: real('0 … 1', [0, 1], { default: 0.9 }),
  /** Nesterov's momentum; false unless given. */
  nesterov: flag({ default: false }),
  /** This number times the weight is added to its gradient; 0 unless given. */
  weightDecay: real('0 … 1', [0, 1], { default: 0 }),
};

const adamwOptions = {
  name: required(named(['adamw'] as const)),
  /** 0.9 and 0.999 unless given. */
  betas: custom(checkBetas, { default: [0.9, 0.999] as readonly [number, number] }),
  /** 1e-8 unless given. */
  epsilon: real('number > 0', [0, 1, 'open'], { default: 1e-8 }),
  /** Decoupled: subtracted from the weight, not added to the gradient; 0.01 unless given. */
  weightDecay: real('0 … 1', [0, 1], { default: 0.01 }),
};

function checkBetas(value: unknown): readonly [number, number] {
  const inRange = (beta: unknown) => typeof beta === 'number' && beta >= 0 && beta < 1;
  if (!Array.isArray(value) || value.length !== 2 || !value.every(inRange))
    throw check.invalid('optimizer.betas', 'two numbers from 0 to below 1', value);
  return [value[0], value[1]] as [number, number];
}

export type SgdOptions = OptionsOf<typeof sgdOptions>;
export type AdamWOptions = OptionsOf<typeof adamwOptions>;
export type OptimizerOptions = SgdOptions | AdamWOptions;

export interface Optimizer {
  readonly name: OptimizerOptions['name'];
  /** All options, with defaults: createOptimizer makes the same optimizer of them. */
  readonly options: OptimizerOptions;
  /** Names of the tensors that it keeps for each weight. */
  readonly slots: readonly string[];
  /** Names of the numbers that change from step to step. */
  readonly scalars: readonly string[];
  /** The values of the scalars at a step, which is counted from 1. */
  readonly scalarsAt: (learningRate: number, step: number) => number[];
  /** Appends the nodes of a step for one weight: gives the new weight and slots. */
  update(
    weight: Value,
    gradient: Value,
    slots: readonly Value[],
    scalars: readonly Value[],
  ): { weight: Value; slots: Value[] };
  /** The native engine's operator of the same step for all weights (native-ops.ts, `update`), and its attributes. */
  readonly fused: { op: string; attributes: Record<string, Attribute> };
}

/**
 * SGD as in PyTorch. With g' = g + decay·w: v ← momentum·v + g'; then w ← w − rate·v, or with Nesterov's momentum
 * w ← w − rate·(g' + momentum·v).
 */
function sgd(given: Record<string, unknown>): Optimizer {
  const options = parse(sgdOptions, given, 'optimizer', 'optimizer.');
  const { momentum, nesterov, weightDecay } = options;
  if (nesterov && momentum === 0)
    throw check.invalid('optimizer.momentum', 'a number above 0 (nesterov needs it)', momentum);
  return {
    name: 'sgd',
    options,
    slots: momentum > 0 ? ['momentum'] : [],
    scalars: ['stepSize'],
    scalarsAt: (learningRate) => [learningRate],
    update(weight, gradient, [velocity], [stepSize]) {
      const { graph } = weight;
      const decayed = weightDecay > 0 ? add(gradient, mul(weight, graph.scalar(weightDecay))) : gradient;
      if (!velocity) return { weight: sub(weight, mul(decayed, stepSize)), slots: [] };
      const next = add(mul(velocity, graph.scalar(momentum)), decayed);
      const direction = nesterov ? add(decayed, mul(next, graph.scalar(momentum))) : next;
      return { weight: sub(weight, mul(direction, stepSize)), slots: [next] };
    },
    fused: {
      op: 'Sgd',
      attributes: {
        momentum: { float: momentum },
        nesterov: Number(nesterov),
        weight_decay: { float: weightDecay },
      },
    },
  };
}

/**
 * AdamW (Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019) as in PyTorch:
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²; w ← w·(1 − rate·decay) − rate·(m/(1 − β₁ᵗ))/(√(v/(1 − β₂ᵗ)) + ε).
 */
function adamw(given: Record<string, unknown>): Optimizer {
  const options = parse(adamwOptions, given, 'optimizer', 'optimizer.');
  const { betas, epsilon, weightDecay } = options;
  const [beta1, beta2] = betas;
  return {
    name: 'adamw',
    options,
    slots: ['mean', 'square'],
    // 1 − rate·decay, rate/(1 − β₁ᵗ) and √(1 − β₂ᵗ). They do not depend on weights, so they are computed here
    // in float64.
    scalars: ['decay', 'stepSize', 'bias2'],
    scalarsAt: (rate, step) => [
      1 - rate * weightDecay,
      rate / (1 - beta1 ** step),
      Math.sqrt(1 - beta2 ** step),
    ],
    update(weight, gradient, [mean, square], [decay, stepSize, bias2]) {
      const { graph } = weight;
      const nextMean = add(mul(mean, graph.scalar(beta1)), mul(gradient, graph.scalar(1 - beta1)));
      const nextSquare = add(
        mul(square, graph.scalar(beta2)),
        mul(mul(gradient, gradient), graph.scalar(1 - beta2)),
      );
      const size = add(div(sqrt(nextSquare), bias2), graph.scalar(epsilon));
      return {
        weight: sub(mul(weight, decay), mul(div(nextMean, size), stepSize)),
        slots: [nextMean, nextSquare],
      };
    },
    fused: {
      op: 'AdamW',
      attributes: {
        beta1: { float: beta1 },
        new_share1: { float: 1 - beta1 },
        beta2: { float: beta2 },
        new_share2: { float: 1 - beta2 },
        epsilon: { float: epsilon },
      },
    },
  };
}

export const optimizers = { sgd, adamw } as const satisfies Record<OptimizerOptions['name'], unknown>;
export const optimizerNames = Object.keys(optimizers) as OptimizerOptions['name'][];

/** @throws SaliencyMixError ARGUMENT for an unknown optimizer, an unknown option, or a value out of range */
export function createOptimizer(given: unknown): Optimizer {
  const options = { ...check.object(given, 'optimizer') };
  return optimizers[check.name(options.name, optimizerNames, 'optimizer.name')](options);
}
