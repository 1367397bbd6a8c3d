import { cifar } from './cifar';
import type { Recipe } from './recipe';

export const cutoutPaper: Recipe = {
  name: 'cutout-paper',
  summary: 'Cutout on CIFAR-10: as cifar, every image with a square of 16 pixels at the mean',
  reference: 'DeVries & Taylor, Cutout, 2017; 8 pixels for CIFAR-100, 20 for SVHN',
  learning: cifar.learning,
  mixer: { method: 'cutout', probability: 1, length: 16, fill: 'mean' },
};
