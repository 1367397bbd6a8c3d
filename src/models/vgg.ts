/**
 * VGG-16 with batch normalisation: Simonyan & Zisserman, ICLR 2015. Layers and names are torchvision's. With
 * the CIFAR stem the classifier has one layer instead of three, as is usual for images of 32².
 */
import { shapeError, type Value } from '../graph/graph';
import { relu } from '../graph/ops';
import { parse } from '../option';
import { averagePoolTo, batchNorm, conv, dropout, globalAveragePool, linear, maxPool } from './layers';
import { classOption, type Family, stemOption } from './model';
import type { Net } from './net';

/** Channels of the convolutions; 'pool' halves the sides. */
const LAYERS = [
  64,
  64,
  'pool',
  128,
  128,
  'pool',
  256,
  256,
  256,
  'pool',
  512,
  512,
  512,
  'pool',
  512,
  512,
  512,
  'pool',
] as const;

/** Cells per side that the features are pooled to before the classifier of the ImageNet stem. */
const CELLS = 7;

function features(net: Net, images: Value): Value {
  let x = images;
  let pools = 0;
  let position = 0; // in torchvision's list of layers, where convolution, normalisation and activation count one each
  for (const layer of LAYERS) {
    if (layer === 'pool') {
      x = net.stage(`pool${++pools}`, maxPool(x, 2, 2, 0));
      position += 1;
      continue;
    }
    const made = conv(net, `features.${position}`, x, { out: layer, kernel: 3, bias: true });
    x = relu(batchNorm(net, `features.${position + 1}`, made));
    position += 3;
  }
  return x;
}

function imagenetClassifier(net: Net, x: Value, classes: number): Value {
  const cells = x.shape[2];
  if (cells % CELLS !== 0 || x.shape[3] % CELLS !== 0)
    throw shapeError(
      'vgg16-bn',
      'with stem "imagenet" images must have sides of a multiple of 224; stem "cifar" takes others',
      x,
    );
  const pooled = averagePoolTo(x, CELLS);
  const first = dropout(net, 'classifier.2', relu(linear(net, 'classifier.0', pooled, 4096)), 0.5);
  const second = dropout(net, 'classifier.5', relu(linear(net, 'classifier.3', first, 4096)), 0.5);
  return linear(net, 'classifier.6', second, classes);
}

const options = { classes: classOption, stem: stemOption('imagenet') };

export const vgg16bn: Family = {
  summary: 'VGG-16 with batch normalisation; stem imagenet or cifar',
  reference: 'Simonyan & Zisserman, Very deep convolutional networks, ICLR 2015',
  options,
  create(given) {
    const complete = parse(options, given, 'vgg16-bn options');
    const { classes, stem } = complete;
    return {
      options: complete,
      image: stem === 'cifar' ? [32, 32] : [224, 224],
      build(net, images) {
        const x = features(net, images);
        if (stem === 'imagenet') return imagenetClassifier(net, x, classes);
        return linear(net, 'classifier', globalAveragePool(x), classes);
      },
    };
  },
  optionsFor(shapes) {
    const [single, last] = [shapes.get('classifier.weight'), shapes.get('classifier.6.weight')];
    if (single) return { classes: single[0], stem: 'cifar' };
    return last && { classes: last[0], stem: 'imagenet' };
  },
};
