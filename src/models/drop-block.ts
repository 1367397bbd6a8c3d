/**
 * DropBlock: Ghiasi, Lin & Le, "DropBlock: a regularization method for convolutional networks", NeurIPS 2018. In training whole
 * squares of maps are set to 0, of each image and channel its own: after each normalisation of a block and on its shortcut, as
 * TensorFlow's official ResNet has it in its bottlenecks; basic blocks have the same here.
 */
import { dropBlocks } from '../graph/composites';
import { shapeError, type Value } from '../graph/graph';
import { flag, type Parsed, real, whole } from '../option';
import type { Net } from './net';

/**
 * The share of the last stage's maps that is asked to be dropped at the end of a run (0.1 in TensorFlow's), of the stage before a
 * quarter; it rises linearly from 0. The side of a square, at most the map's. Whether all channels lose the same ones, as in timm.
 */
export const dropBlockOptions = {
  dropBlock: real('0 … 0.99', [0, 0.99], { default: 0 }),
  dropBlockSize: whole(1, { max: 4096, default: 7 }),
  dropBlockSharedChannels: flag({ default: false }),
};

export type DropBlockOptions = Parsed<typeof dropBlockOptions>;

/** The share for each of a network's stages. */
export const dropBlockRates = (stages: number, rate: number): number[] =>
  Array.from({ length: stages }, (_, i) => (i === stages - 1 ? rate : i === stages - 2 ? rate / 4 : 0));

/**
 * The chance of a place to be the corner of a square, so that the share `rate` of an H×W map would be dropped if no squares lay one
 * over the other. Squares lie within the map.
 */
export const seedRate = (
  rate: number,
  [height, width]: readonly [number, number],
  [rows, cols]: readonly [number, number],
): number => (rate * height * width) / (rows * cols * (height - rows + 1) * (width - cols + 1));

/**
 * N×C×H×W. What is left is divided by its share of the whole tensor.
 * @param rate the share to be dropped at the end of the run
 */
export function dropBlock(
  net: Net,
  name: string,
  x: Value,
  rate: number,
  { dropBlockSize, dropBlockSharedChannels }: Omit<DropBlockOptions, 'dropBlock'>,
): Value {
  if (x.shape.length !== 4) throw shapeError('DropBlock', 'it must be N×C×H×W', x);
  if (rate === 0) return x;
  net.dropped.set(name, rate);
  if (net.mode === 'evaluate') return x;
  const [n, channels, height, width] = x.shape;
  const block = [Math.min(dropBlockSize, height), Math.min(dropBlockSize, width)] as const;
  const chance = seedRate(rate, [height, width], block);
  const shape = [n, dropBlockSharedChannels ? 1 : channels, height - block[0] + 1, width - block[1] + 1];
  return dropBlocks(x, net.dropoutMask(`${name}.block`, shape, chance, { rises: true }), block);
}
