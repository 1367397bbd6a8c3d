/**
 * Stochastic depth: Huang et al., "Deep networks with stochastic depth", ECCV 2016. In training the branches of residual blocks are
 * left out at random, and what is left is a shallower network.
 */
import { keptBranch } from '../graph/composites';
import type { Value } from '../graph/graph';
import { mul } from '../graph/ops';
import { named, type Parsed, real } from '../option';
import type { Net } from './net';

/**
 * The chance that the last block is left out (the paper's is 0.5; 0: none is); whether all images of a batch lose the same blocks,
 * or each its own; and when branches are scaled: in evaluation by their chance to stay, as in the paper, or in training by one over
 * it, as in torchvision and timm.
 */
export const stochasticDepthOptions = {
  stochasticDepth: real('0 … 0.99', [0, 0.99], { default: 0 }),
  stochasticDepthPer: named(['batch', 'sample'], { default: 'batch' }),
  stochasticDepthScale: named(['test', 'train'], { default: 'test' }),
};

export type StochasticDepth = Parsed<typeof stochasticDepthOptions>;

/** The chances of all blocks to stay, which fall linearly: 1 − rate·l/L for block l = 1 … L. */
export const survivalRates = (blocks: number, rate: number): number[] =>
  Array.from({ length: blocks }, (_, l) => 1 - (rate * (l + 1)) / blocks);

/** The branch of a block that stays with the chance `survival`. N×C×H×W. */
export function survivingBranch(
  net: Net,
  name: string,
  branch: Value,
  survival: number,
  { stochasticDepthPer: per, stochasticDepthScale: scaled }: StochasticDepth,
): Value {
  if (survival === 1) return branch;
  net.survival.set(name, survival);
  if (net.mode === 'evaluate') return scaled === 'test' ? mul(branch, net.graph.scalar(survival)) : branch;
  const gates = per === 'batch' ? 1 : branch.shape[0];
  const kept = net.dropoutMask(`${name}.depth`, [gates, 1, 1, 1], 1 - survival);
  return keptBranch(branch, kept, scaled === 'train' ? 1 / survival : 1);
}
