/** How much is trained on small images, at the three scales. */
import type { Protocol, Scale } from './experiment';

type Seeds = Protocol['seeds'];

/** Of CIFAR: the paper's; ResNet-20 on 10 000 images for 30 epochs; and a network of two blocks on a few images for two. */
export function cifarProtocols(
  models: readonly string[],
  { paper, small }: { paper: Seeds; small: Seeds },
): Record<Scale, Protocol> {
  return {
    // The dropout of the wide network is the paper's (section 4.1), as it is Cutout's.
    paper: { recipe: 'cifar', models, learning: {}, ofModel: { wrn: { dropout: 0.3 } }, seeds: paper },
    small: { recipe: 'cifar', models: ['resnet20'], learning: { epochs: 30 }, perClass: 1000, seeds: small },
    tiny: tinyProtocol('cifar'),
  };
}

/** Of ImageNet: the paper's; ResNet-18 on 100 images of each class for 30 epochs. */
export const imagenetProtocols = (models: readonly string[], seeds: Seeds): Record<Scale, Protocol> => ({
  paper: { recipe: 'imagenet', models, learning: {}, seeds },
  small: {
    recipe: 'imagenet',
    models: ['resnet18'],
    learning: { epochs: 30, batch: 64 },
    perClass: 100,
    seeds,
  },
  tiny: { ...tinyProtocol('imagenet'), seeds },
});

const tinyProtocol = (recipe: Protocol['recipe']): Protocol => ({
  recipe,
  models: ['resnet'],
  learning: { layers: [1, 1], width: 8, stem: 'cifar', epochs: 2, batch: 32 },
  perClass: 20,
  size: 32,
  seeds: { others: 2 },
});
