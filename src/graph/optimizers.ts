/**
 * Optimizers as nodes, in order of complexity. Each keeps tensors of the weights' shapes ("slots", zeros at first) and
 * reads a few numbers that change from step to step ("scalars"), which are inputs of the graph. A new one: an entry here.
 */
import * as check from '../check';
import type { Value } from './graph';
import { add, div, mul, sqrt, sub } from './ops';

export interface SgdOptions {
  name: 'sgd';
  /** 0.9 unless given. */
  momentum?: number;
  /** Nesterov's momentum; false unless given. */
  nesterov?: boolean;
  /** Added to the gradient of every parameter, times the weight; 0 unless given. */
  weightDecay?: number;
}

export interface AdamWOptions {
  name: 'adamw';
  /** 0.9 and 0.999 unless given. */
  betas?: readonly [number, number];
  /** 1e-8 unless given. */
  epsilon?: number;
  /** Decoupled; 0.01 unless given. */
  weightDecay?: number;
}

export type OptimizerOptions = SgdOptions | AdamWOptions;

export interface Optimizer {
  readonly name: OptimizerOptions['name'];
  /** With every value given, defaults too: createOptimizer makes the same optimizer of them. */
  readonly options: OptimizerOptions;
  readonly slots: readonly string[];
  readonly scalars: readonly string[];
  /** The scalars of a step, counted from 1, in the order of their names. */
  readonly scalarsAt: (learningRate: number, step: number) => number[];
  update(
    weight: Value,
    gradient: Value,
    slots: readonly Value[],
    scalars: readonly Value[],
  ): { weight: Value; slots: Value[] };
}

/** v ← momentum·v + g + decay·w; w ← w − rate·(v, or with Nesterov g + decay·w + momentum·v). As PyTorch has it. */
function sgd(given: Record<string, unknown>): Optimizer {
  check.options(given, ['name', 'momentum', 'nesterov', 'weightDecay'], 'optimizer');
  const momentum = check.number(given.momentum ?? 0.9, 'optimizer.momentum', 0, 1);
  const nesterov = check.boolean(given.nesterov ?? false, 'optimizer.nesterov');
  const weightDecay = check.number(given.weightDecay ?? 0, 'optimizer.weightDecay', 0, 1);
  if (nesterov && momentum === 0)
    throw check.invalid('optimizer.momentum', 'a number above 0 (nesterov needs it)', momentum);
  return {
    name: 'sgd',
    options: { name: 'sgd', momentum, nesterov, weightDecay },
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
  };
}

/**
 * AdamW (Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019), as PyTorch has it:
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²; w ← w·(1 − rate·decay) − rate·(m/(1 − β₁ᵗ))/(√(v/(1 − β₂ᵗ)) + ε).
 */
function adamw(given: Record<string, unknown>): Optimizer {
  check.options(given, ['name', 'betas', 'epsilon', 'weightDecay'], 'optimizer');
  const betas = given.betas ?? [0.9, 0.999];
  const inRange = (beta: unknown) => typeof beta === 'number' && beta >= 0 && beta < 1;
  if (!Array.isArray(betas) || betas.length !== 2 || !betas.every(inRange))
    throw check.invalid('optimizer.betas', 'two numbers from 0 to below 1', betas);
  const [beta1, beta2] = betas as [number, number];
  const epsilon = check.number(given.epsilon ?? 1e-8, 'optimizer.epsilon', 0, 1, 'open');
  const weightDecay = check.number(given.weightDecay ?? 0.01, 'optimizer.weightDecay', 0, 1);
  return {
    name: 'adamw',
    options: { name: 'adamw', betas: [beta1, beta2], epsilon, weightDecay },
    slots: ['mean', 'square'],
    // 1 − rate·decay; rate/(1 − β₁ᵗ); √(1 − β₂ᵗ). They depend on the step alone, so they are computed here, in float64.
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
  };
}

export const optimizers = { sgd, adamw } as const satisfies Record<OptimizerOptions['name'], unknown>;
export const optimizerNames = Object.keys(optimizers) as OptimizerOptions['name'][];

/** @throws SaliencyMixError ARGUMENT for an unknown optimizer, an unknown option, or a value out of range */
export function createOptimizer(given: unknown): Optimizer {
  const options = check.options(given, Object.keys(given ?? {}), 'optimizer');
  return optimizers[check.name(options.name, optimizerNames, 'optimizer.name')](options);
}
