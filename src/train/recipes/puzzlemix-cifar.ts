import { cifar } from './cifar';
import type { Recipe } from './recipe';

export const puzzlemixCifar: Recipe = {
  name: 'puzzlemix-cifar',
  summary: 'PuzzleMix on CIFAR-100 with WRN-28-10: 200 epochs, rate 0.2 × 0.1 at 120, 170, batches of 100',
  reference:
    'Kim, Choo & Song, Puzzle Mix, ICML 2020, the released code, but with cross entropy, where that has BCE of the softmax',
  learning: {
    ...cifar.learning,
    model: 'wrn',
    batch: 100,
    learningRate: 0.2,
    milestones: [120, 170],
    gamma: 0.1,
    weightDecay: 1e-4,
    crop: 2,
    mean: [129.3, 124.1, 112.4].map((value) => value / 255),
    std: [68.2, 65.4, 70.4].map((value) => value / 255),
  },
  mixer: { method: 'puzzlemix', probability: 1 },
};
