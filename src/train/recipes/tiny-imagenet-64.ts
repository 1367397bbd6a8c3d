import { cifar } from './cifar';
import type { Recipe } from './recipe';

const HALF = [0.5, 0.5, 0.5];

export const tinyImagenet64: Recipe = {
  name: 'tiny-imagenet-64',
  summary: 'Tiny-ImageNet at its own 64 pixels: 100 epochs, rate 0.1 × 0.1 at 30, 60, 90, every sample mixed',
  reference:
    'epochs and rates of the released ImageNet code of SaliencyMix, which enlarges the images to 224; crops and normalisation of OpenMixup’s at 64',
  learning: {
    ...cifar.learning,
    epochs: 100,
    milestones: [30, 60, 90],
    gamma: 0.1,
    weightDecay: 1e-4,
    crop: 4,
    mean: HALF,
    std: HALF,
  },
  mixer: { probability: 1 },
};
