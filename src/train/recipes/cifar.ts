import type { Recipe } from './recipe';

/** Of CIFAR-10, as bytes, for CIFAR-100 too. */
export const CIFAR = {
  mean: [125.3, 123, 113.9].map((value) => value / 255),
  std: [63, 62.1, 66.7].map((value) => value / 255),
};

/** The paper's text has batches of 256, its code 128. */
export const cifar: Recipe = {
  name: 'cifar',
  summary:
    'SaliencyMix on CIFAR: 200 epochs, rate 0.1 × 0.2 at 60, 120, 160, batches of 128, half of the samples mixed',
  reference: 'Uddin et al., SaliencyMix, ICLR 2021, section 4.1 and the released code',
  learning: {
    model: 'resnet18',
    epochs: 200,
    batch: 128,
    learningRate: 0.1,
    schedule: 'steps',
    milestones: [60, 120, 160],
    gamma: 0.2,
    optimizer: 'sgd',
    momentum: 0.9,
    nesterov: true,
    weightDecay: 5e-4,
    crop: 4,
    flip: true,
    ...CIFAR,
  },
  mixer: { probability: 0.5 },
};
