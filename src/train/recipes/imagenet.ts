import type { Recipe } from './recipe';

export const imagenet: Recipe = {
  name: 'imagenet',
  summary:
    'SaliencyMix on ImageNet: ResNet-50, 300 epochs, rate 0.1 × 0.1 at 75, 150, 225, batches of 256, random boxes of 224 pixels, jitter and lighting, every sample mixed; tested at 256, cropped to 224',
  reference: 'Uddin et al., SaliencyMix, ICLR 2021, and the released code, which is that of CutMix',
  learning: {
    model: 'resnet50',
    epochs: 300,
    batch: 256,
    learningRate: 0.1,
    schedule: 'steps',
    milestones: [75, 150, 225],
    gamma: 0.1,
    optimizer: 'sgd',
    momentum: 0.9,
    nesterov: true,
    weightDecay: 1e-4,
    resizedCrop: true,
    flip: true,
    jitter: 0.4,
    lighting: 0.1,
    testResize: 256,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  size: 224,
  mixer: { probability: 1 },
};
