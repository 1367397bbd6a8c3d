/**
 * Wide residual networks: Zagoruyko & Komodakis, BMVC 2016. A block has its activations before its
 * convolutions, dropout between its two convolutions, and a 1×1 shortcut from the activated input where the
 * shape changes.
 */
import { invalid } from '../check';
import type { Value } from '../graph/graph';
import { add, relu } from '../graph/ops';
import { parse, real, whole } from '../option';
import { batchNorm, conv, dropout, globalAveragePool, linear } from './layers';
import { classOption, countBlocks, type Family } from './model';
import type { Net } from './net';
import {
  type StochasticDepth,
  stochasticDepthOptions,
  survivalRates,
  survivingBranch,
} from './stochastic-depth';

interface BlockShape {
  width: number;
  stride: number;
  dropoutRate: number;
  /** The chance that its branch stays, and what is done where it does not. */
  survival: number;
  depth: StochasticDepth;
}

function block(net: Net, name: string, x: Value, shape: BlockShape): Value {
  const { width, stride, dropoutRate, survival, depth } = shape;
  const active = relu(batchNorm(net, `${name}.bn1`, x));
  const first = conv(net, `${name}.conv1`, active, { out: width, kernel: 3, stride });
  const dropped = dropout(net, name, relu(batchNorm(net, `${name}.bn2`, first)), dropoutRate);
  const second = conv(net, `${name}.conv2`, dropped, { out: width, kernel: 3 });
  const branch = survivingBranch(net, name, second, survival, depth);
  if (stride === 1 && x.shape[1] === width) return add(branch, x);
  return add(branch, conv(net, `${name}.shortcut`, active, { out: width, kernel: 1, stride }));
}

const options = {
  depth: whole(10, { max: 1000, default: 28 }),
  widen: whole(1, { max: 64, default: 10 }),
  dropout: real('0 … 0.99', [0, 0.99], { default: 0 }),
  classes: classOption,
  ...stochasticDepthOptions,
};

export const wrn: Family = {
  summary: 'Wide ResNet: depth (6n + 4), widen, dropout; WRN-28-10 unless told otherwise',
  reference: 'Zagoruyko & Komodakis, Wide residual networks, BMVC 2016',
  options,
  create(given) {
    const complete = parse(options, given, 'wrn options');
    const { depth, widen, dropout: dropoutRate, classes, ...surviving } = complete;
    if (depth % 6 !== 4) throw invalid('depth', '6n + 4, as 16, 22, 28 or 40', depth);
    const blocks = (depth - 4) / 2;
    return {
      options: complete,
      build(net, images) {
        let x = conv(net, 'conv1', images, { out: 16, kernel: 3 });
        const survival = survivalRates(blocks, surviving.stochasticDepth).values();
        for (let stage = 0; stage < 3; stage++) {
          for (let i = 0; i < blocks / 3; i++) {
            const stride = stage > 0 && i === 0 ? 2 : 1;
            x = block(net, `layer${stage + 1}.${i}`, x, {
              width: (16 << stage) * widen,
              stride,
              dropoutRate,
              survival: survival.next().value as number,
              depth: surviving,
            });
          }
          x = net.stage(`layer${stage + 1}`, x);
        }
        return linear(net, 'fc', globalAveragePool(relu(batchNorm(net, 'bn1', x))), classes);
      },
    };
  },
  optionsFor(shapes) {
    const [first, last] = [shapes.get('layer1.0.conv1.weight'), shapes.get('fc.weight')];
    const depth = 6 * countBlocks(shapes, 1) + 4;
    return first && last && { depth, widen: first[0] / 16, classes: last[0] };
  },
};
