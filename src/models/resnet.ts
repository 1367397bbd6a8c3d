/**
 * Residual networks: He et al., "Deep residual learning for image recognition", CVPR 2016. Blocks and names are
 * torchvision's (a bottleneck has its stride in the 3×3 convolution). The CIFAR stem is a 3×3 convolution
 * without pooling.
 */
import type { Shape, Value } from '../graph/graph';
import { add, relu } from '../graph/ops';
import { integer, invalid } from '../check';
import { custom, named, type Parsed, parse, required, whole } from '../option';
import { batchNorm, conv, globalAveragePool, linear, maxPool } from './layers';
import { dropBlock, dropBlockOptions, dropBlockRates } from './drop-block';
import { type ModelSpec, classOption, countBlocks, type Family, stemOption } from './model';
import type { Net } from './net';
import {
  type StochasticDepth,
  stochasticDepthOptions,
  survivalRates,
  survivingBranch,
} from './stochastic-depth';

const stems = ['cifar', 'imagenet'] as const;
const blockNames = ['basic', 'bottleneck'] as const;

interface Block {
  /** Channels out of a block, over those of its 3×3 convolution. */
  readonly expansion: number;
  /** The layers of the residual branch, without the activation after the sum. */
  branch(net: Net, x: Value, place: BlockPlace): Value;
}

const blocks: Record<(typeof blockNames)[number], Block> = {
  basic: {
    expansion: 1,
    branch(net, x, { name, width, stride, drop }) {
      const first = conv(net, `${name}.conv1`, x, { out: width, kernel: 3, stride });
      const active = drop(`${name}.1`, relu(batchNorm(net, `${name}.bn1`, first)));
      const second = conv(net, `${name}.conv2`, active, { out: width, kernel: 3 });
      return drop(`${name}.2`, batchNorm(net, `${name}.bn2`, second));
    },
  },
  bottleneck: {
    expansion: 4,
    branch(net, x, { name, width, stride, drop }) {
      const first = conv(net, `${name}.conv1`, x, { out: width, kernel: 1 });
      const narrow = drop(`${name}.1`, relu(batchNorm(net, `${name}.bn1`, first)));
      const second = conv(net, `${name}.conv2`, narrow, { out: width, kernel: 3, stride });
      const active = drop(`${name}.2`, relu(batchNorm(net, `${name}.bn2`, second)));
      const third = conv(net, `${name}.conv3`, active, { out: 4 * width, kernel: 1 });
      return drop(`${name}.3`, batchNorm(net, `${name}.bn3`, third));
    },
  },
};

interface BlockPlace {
  name: string;
  width: number;
  stride: number;
  /** The chance that its branch stays, and what is done where it does not. */
  survival: number;
  depth: StochasticDepth;
  /** DropBlock of its stage, after each normalisation and its activation. */
  drop: (name: string, x: Value) => Value;
}

/** A block: its branch plus the input, which is projected where the shape changes. */
function residual(net: Net, block: Block, x: Value, place: BlockPlace): Value {
  const { name, width, stride, survival, depth, drop } = place;
  const out = width * block.expansion;
  const branch = survivingBranch(net, name, block.branch(net, x, place), survival, depth);
  if (stride === 1 && x.shape[1] === out) return relu(add(branch, drop(`${name}.shortcut`, x)));
  const projected = conv(net, `${name}.downsample.0`, x, { out, kernel: 1, stride });
  const shortcut = drop(`${name}.shortcut`, batchNorm(net, `${name}.downsample.1`, projected));
  return relu(add(branch, shortcut));
}

function stemOf(net: Net, stem: (typeof stems)[number], images: Value, width: number): Value {
  if (stem === 'cifar')
    return relu(batchNorm(net, 'bn1', conv(net, 'conv1', images, { out: width, kernel: 3 })));
  const first = conv(net, 'conv1', images, { out: width, kernel: 7, stride: 2 });
  return maxPool(relu(batchNorm(net, 'bn1', first)), 3, 2, 1);
}

function layerCounts(value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 8)
    throw invalid('layers', '1 to 8 numbers of blocks, one per stage', value);
  return value.map((count) => integer(count, 'layers', 1, 1000));
}

const resnetOptions = {
  block: named(blockNames, { default: 'basic' }),
  layers: required(custom(layerCounts)),
  width: whole(1, { max: 4096, default: 64 }),
  classes: classOption,
  stem: stemOption('imagenet'),
  ...stochasticDepthOptions,
  ...dropBlockOptions,
};

/**
 * Any residual network: `layers` is the number of blocks per stage, `width` the channels of the first stage.
 */
const buildResnet =
  ({ block, layers, width, classes, stem, ...depth }: Parsed<typeof resnetOptions>): ModelSpec['build'] =>
  (net, images) => {
    let x = stemOf(net, stem, images, width);
    const all = layers.reduce((sum, count) => sum + count, 0);
    const survival = survivalRates(all, depth.stochasticDepth).values();
    const dropped = dropBlockRates(layers.length, depth.dropBlock);
    for (const [stage, count] of layers.entries()) {
      for (let i = 0; i < count; i++) {
        const stride = stage > 0 && i === 0 ? 2 : 1;
        x = residual(net, blocks[block], x, {
          name: `layer${stage + 1}.${i}`,
          width: width << stage,
          stride,
          survival: survival.next().value as number,
          depth,
          drop: (name, value) => dropBlock(net, name, value, dropped[stage], depth),
        });
      }
      x = net.stage(`layer${stage + 1}`, x);
    }
    return linear(net, 'fc', globalAveragePool(x), classes);
  };

/** Everything is in the names and shapes: blocks are counted, and the stem's kernel says which it is. */
function optionsFor(shapes: ReadonlyMap<string, Shape>): Record<string, unknown> | undefined {
  const [first, last] = [shapes.get('conv1.weight'), shapes.get('fc.weight')];
  const layers: number[] = [];
  while (countBlocks(shapes, layers.length + 1) > 0) layers.push(countBlocks(shapes, layers.length + 1));
  const block = shapes.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic';
  const stem = first?.[2] === 7 ? 'imagenet' : 'cifar';
  return first && last && { block, layers, width: first[0], classes: last[0], stem };
}

/** A network with a fixed kind of block and fixed depth. */
function member(
  block: (typeof blockNames)[number],
  layers: readonly number[],
  defaults: { stem: (typeof stems)[number]; width: number },
  summary: string,
): Family {
  const options = {
    classes: classOption,
    stem: stemOption(defaults.stem),
    width: whole(1, { max: 4096, default: defaults.width }),
    ...stochasticDepthOptions,
    ...dropBlockOptions,
  };
  return {
    summary,
    reference: 'He et al., Deep residual learning, CVPR 2016',
    options,
    create(given) {
      const complete = parse(options, given, 'model options');
      return { options: complete, build: buildResnet({ block, layers, ...complete }) };
    },
  };
}

const imagenet = (block: (typeof blockNames)[number], layers: readonly number[], depth: number) =>
  member(
    block,
    layers,
    { stem: 'imagenet', width: 64 },
    `ResNet-${depth}, of ImageNet's family; stem imagenet or cifar`,
  );

/** Three stages of (depth − 2)/6 basic blocks, 16 channels at first; projections where the shape changes. */
const cifar = (depth: number) =>
  member(
    'basic',
    [0, 0, 0].fill((depth - 2) / 6),
    { stem: 'cifar', width: 16 },
    `ResNet-${depth}, of CIFAR's family`,
  );

export const resnets = {
  resnet: {
    summary: 'any residual network: block, layers, width',
    reference: 'He et al., Deep residual learning, CVPR 2016',
    options: resnetOptions,
    create(given) {
      const complete = parse(resnetOptions, given, 'resnet options');
      return { options: complete, build: buildResnet(complete) };
    },
    optionsFor,
  },
  resnet18: imagenet('basic', [2, 2, 2, 2], 18),
  resnet34: imagenet('basic', [3, 4, 6, 3], 34),
  resnet50: imagenet('bottleneck', [3, 4, 6, 3], 50),
  resnet101: imagenet('bottleneck', [3, 4, 23, 3], 101),
  resnet152: imagenet('bottleneck', [3, 8, 36, 3], 152),
  resnet20: cifar(20),
  resnet32: cifar(32),
  resnet44: cifar(44),
  resnet56: cifar(56),
  resnet110: cifar(110),
} as const satisfies Record<string, Family>;
