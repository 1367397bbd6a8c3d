import { imagenet } from './imagenet';
import type { Recipe } from './recipe';

export const tinyImagenet: Recipe = {
  name: 'tiny-imagenet',
  summary:
    'Tiny-ImageNet enlarged to 224 pixels, with the network and the changes of images of `imagenet`: 100 epochs, rate 0.1 × 0.1 at 30, 60, 90',
  reference:
    'the released ImageNet code of SaliencyMix at its last commit; that figure 3 of the paper was made so is inferred',
  learning: { ...imagenet.learning, epochs: 100, milestones: [30, 60, 90] },
  size: 224,
  mixer: imagenet.mixer,
};
